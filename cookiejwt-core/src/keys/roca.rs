//! RSA keys of the library of CVE-2017-15361, whose private half follows from the public one
//! (ROCA).

/// The primes by whose remainders Nemec, Sys and others recognise such a modulus ("The Return of
/// Coppersmith's Attack", ACM CCS 2017, §2.2): it is a power of 65537 modulo each of them. A random
/// modulus is one once in 2^27.
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
const GENERATOR: u32 = 65_537;

/// Whether a modulus, in big-endian order, was made by that library.
pub(crate) fn is_broken(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power(remainder(modulus, *prime), *prime))
}

/// No step exceeds 32 bits: a remainder is below 157.
fn remainder(number: &[u8], prime: u32) -> u32 {
    number
        .iter()
        .fold(0, |rest: u32, byte| reduced(rest.wrapping_mul(256).wrapping_add(u32::from(*byte)), prime))
}

fn is_power(number: u32, prime: u32) -> bool {
    let powers =
        std::iter::successors(Some(1), |power: &u32| Some(reduced(power.wrapping_mul(GENERATOR), prime)));
    powers.take(prime as usize).any(|power| power == number)
}

fn reduced(number: u32, prime: u32) -> u32 {
    number.checked_rem(prime).unwrap_or_default()
}
