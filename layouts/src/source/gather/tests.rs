//! Whole gatherings, of packages and folders that are made here.
