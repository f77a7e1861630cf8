//! What only the fuzzers, benchmarks, test vectors and tests of this library use.

#[cfg(test)]
pub(crate) mod test_keys;
#[cfg(feature = "testing")]
mod vectors;

#[cfg(feature = "testing")]
pub use self::vectors::{VectorFault, verify_jws};
