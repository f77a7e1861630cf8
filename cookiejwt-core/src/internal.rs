//! What only the fuzzers, test vectors and tests of this library use; the module `testing`
//! re-exports it.

#[cfg(feature = "testing")]
mod cookie_pairs;
#[cfg(test)]
pub(crate) mod test_keys;
#[cfg(test)]
pub(crate) mod test_memo;
#[cfg(feature = "testing")]
mod vectors;

#[cfg(feature = "testing")]
pub use self::{
    cookie_pairs::cookie_pairs,
    vectors::{VectorFault, verify_jws},
};
