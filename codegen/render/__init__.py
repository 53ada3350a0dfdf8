"""From a plan to text, and from text to disk.  Nothing here decides a name."""
