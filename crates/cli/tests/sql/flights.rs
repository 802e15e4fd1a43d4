//! The dashboard of the demo.
