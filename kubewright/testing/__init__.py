"""API servers, clocks and transports for tests: public, documented, and used by this project's own tests."""
