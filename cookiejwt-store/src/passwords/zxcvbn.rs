//! How hard a password is to guess (feature `zxcvbn`).

use tokio::sync::Semaphore;

use super::policy::{NewPassword, PasswordPolicy};
use crate::errors::PasswordRefusal;

const CODE: &str = "guessable";
/// A part of a name that is shorter is in many good passwords.
const SHORTEST_WORD: usize = 3;
/// Of a hundred characters that can all stand for letters (`4@8({[`), the estimate takes seconds;
/// of 40, a third of a second. A password whose beginning is hard to guess is hard to guess.
const READ: usize = 40;
/// Anyone can sign up, so all estimates together use one processor. A request that waits too long
/// gets 503.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// Refuses passwords that are easy to guess, with the code `guessable`: common ones, words, names,
/// dates, keyboard patterns, and what the user is called
/// ([`AuthUser::names`](crate::AuthUser::names)).
///
/// The estimate is that of the crate `zxcvbn`, over the first 40 characters, one at a time in a
/// process. It needs no network, and its list of 30 000 common passwords is what OWASP ASVS 5.0
/// 6.2.4 requires. A service that knows the leaked ones (6.2.12) is a second policy.
///
/// ```
/// use cookiejwt_store::{AuthenticatorBuilder, Zxcvbn};
///
/// fn with_a_score(builder: AuthenticatorBuilder) -> AuthenticatorBuilder {
///     builder.password_policy(Zxcvbn::at_least(3))
/// }
/// # let _ = with_a_score;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Zxcvbn {
    least: u8,
}

impl Zxcvbn {
    /// Accepts this score and higher ones. The scores are powers of ten of guesses: more than 10³
    /// are 1, 10⁶ are 2, 10⁸ are 3, 10¹⁰ are 4. A slow hash and the throttle make 3 a good choice.
    ///
    /// # Panics
    ///
    /// When there is no such score: above 4.
    pub const fn at_least(score: u8) -> Self {
        assert!(score <= 4, "the highest score is 4");
        Self { least: score }
    }
}

impl PasswordPolicy for Zxcvbn {
    async fn check(&self, new: NewPassword) -> Result<(), PasswordRefusal> {
        let permit = ONE_AT_A_TIME.acquire().await.map_err(PasswordRefusal::undecided)?;
        // An estimate that has begun cannot be stopped, so its place goes with it.
        let scored = tokio::task::spawn_blocking(move || (score(&new), permit)).await;
        let (score, _permit) = scored.map_err(PasswordRefusal::undecided)?;
        if score >= self.least { Ok(()) } else { Err(PasswordRefusal::rule(CODE)) }
    }
}

fn score(new: &NewPassword) -> u8 {
    let words: Vec<_> = new.names().iter().flat_map(|name| words(name)).collect();
    let beginning =
        new.as_str().char_indices().nth(READ).map_or(new.as_str(), |(end, _)| &new.as_str()[..end]);
    zxcvbn::zxcvbn(beginning, &words).score().into()
}

/// The name as a whole, and its parts: those of an e-mail address are words of their own.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let parts = name.split(|character: char| !character.is_alphanumeric());
    std::iter::once(name).chain(parts.filter(|part| part.chars().count() >= SHORTEST_WORD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passwords::policy::tests::new;

    #[tokio::test]
    async fn what_is_easy_to_guess_is_refused() {
        for (rule, password, names, least, accepted) in [
            ("a common one", "password", &[][..], 3, false),
            ("with a digit", "Password1!", &[], 3, false),
            ("a pattern", "qwertyuiop", &[], 3, false),
            ("four words", "correct horse battery staple", &[], 3, true),
            ("random", "r8#Kq2!vZx", &[], 3, true),
            ("the name, unknown", "krzysztofowicz", &[], 3, true),
            ("the name", "krzysztofowicz", &["krzysztofowicz"], 3, false),
            ("in other letters", "KrzysztofOwicz", &["krzysztofowicz"], 3, false),
            ("a part of an address", "krzysztofowicz", &["jan.krzysztofowicz@example.com"], 3, false),
            ("no score at all", "password", &[], 0, true),
            ("the highest", "krzysztofowicz zażółć gęślą", &[], 4, true),
        ] {
            let checked = Zxcvbn::at_least(least).check(new(password, names)).await;
            assert_eq!(checked.is_ok(), accepted, "{rule}");
            assert!(accepted || matches!(checked, Err(PasswordRefusal::Rule("guessable"))), "{rule}");
        }
    }

    /// Whatever is typed, the estimate ends: it reads 40 characters.
    #[tokio::test]
    async fn the_longest_passwords_are_scored() {
        let digits: String =
            (0..400).map(|number: u64| (number * number * 7919 % 10_007).to_string()).collect();
        for (rule, password, accepted) in [
            ("digits", &digits[..1024], true),
            ("one letter", &"a".repeat(1024), false),
            ("substitutes for letters", &"4@8({[<369&#!1/|0$5+7%2".repeat(44), true),
            ("of four bytes", &"🦀".repeat(256), false),
        ] {
            assert_eq!(Zxcvbn::at_least(4).check(new(password, &[])).await.is_ok(), accepted, "{rule}");
        }
    }
}
