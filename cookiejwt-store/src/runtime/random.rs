//! Random numbers of the operating system; a failure is an error, never a fallback.

use cookiejwt_core::driver::LoginIds;

type Fill = dyn Fn(&mut [u8]) -> Result<(), getrandom::Error> + Send + Sync;

/// Where ids come from.
pub(crate) struct Random(pub(crate) Box<Fill>);

impl Default for Random {
    fn default() -> Self {
        Self(Box::new(getrandom::fill))
    }
}

impl Random {
    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], getrandom::Error> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn login_ids(&self) -> Result<LoginIds, getrandom::Error> {
        Ok(LoginIds::from_random(self.bytes()?, self.bytes()?))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use super::*;

    #[test]
    fn an_id_is_128_bits_of_its_own() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let random = Random(Box::new(move |bytes| {
            counter.fetch_add(bytes.len(), Ordering::SeqCst);
            getrandom::fill(bytes)
        }));
        let logins: Vec<_> = (0..100).map(|_| random.login_ids().unwrap()).collect();
        assert_eq!(
            asked.load(Ordering::SeqCst),
            100 * 3 * 128 / 8,
            "bytes of the generator for three ids each"
        );
        let ids =
            logins.iter().flat_map(|ids| [ids.session.as_str(), ids.refresh.as_str(), ids.access.as_str()]);
        let different: BTreeSet<_> = ids.collect();
        assert_eq!(different.len(), 300, "no bits are used twice");
        assert!(different.iter().all(|id| id.len() == 22), "128 bits in base64url: {different:?}");
    }
}
