//! Resolving.
