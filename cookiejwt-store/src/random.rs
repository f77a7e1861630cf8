//! Random numbers of the operating system; a failure is an error, never a fallback.

use cookiejwt_core::LoginIds;

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
