"""Programs to read and to run; every one of them is executed by the tests."""
