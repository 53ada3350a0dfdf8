"""Every decision about the output: names, sharing, grouping.  Below the templates, above the schemas."""
