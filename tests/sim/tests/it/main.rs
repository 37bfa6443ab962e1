//! Clean code passes, a seed always gives the same run, and every planted bug is found.

mod plants;
mod seeds;
