//! Contracts, simulated clusters and notations to test with.
