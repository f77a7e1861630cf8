//! Random numbers of the operating system; a failure is an error, never a fallback.

use cookiejwt_core::LoginIds;

pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn login_ids() -> Result<LoginIds, getrandom::Error> {
    Ok(LoginIds::from_random(bytes()?, bytes()?))
}
