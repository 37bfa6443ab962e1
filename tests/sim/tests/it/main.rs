//! The clean code passes, the same seed is the same run, and every planted bug is found.

mod plants;
mod seeds;
