//! The error for a configuration that is refused.

use std::{borrow::Cow, fmt};

/// A configuration that is refused: which setting, what is wrong with it, and the fix.
///
/// It never contains the value of a secret. `Debug` prints what `Display` prints, so that a `main`
/// that returns this error shows the sentence.
///
/// ```
/// use cookiejwt_core::{Config, ConfigErrorKind};
///
/// let error = Config::from_vars([("COOKIEJWT_SECRET", "c2hvcnQ=")]).unwrap_err();
/// assert_eq!(error.setting(), "COOKIEJWT_SECRET");
/// assert_eq!(error.kind(), ConfigErrorKind::Insecure);
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    setting: Cow<'static, str>,
    kind: ConfigErrorKind,
    what: Cow<'static, str>,
    cure: Cow<'static, str>,
    also: Box<[Self]>,
}

/// What kind of fault a setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A setting without a default is absent.
    Missing,
    /// It is empty.
    Empty,
    /// It cannot be read.
    Malformed,
    /// It is outside its range.
    OutOfRange,
    /// It would be unsafe.
    Insecure,
    /// It contradicts another setting.
    Contradiction,
    /// No setting has this name.
    Unknown,
    /// This build cannot do it.
    Unsupported,
}

impl ConfigError {
    /// An error of a setting: `what` is wrong with it, and the `cure`.
    pub fn new(
        setting: impl Into<Cow<'static, str>>,
        kind: ConfigErrorKind,
        what: impl Into<Cow<'static, str>>,
        cure: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { setting: setting.into(), kind, what: what.into(), cure: cure.into(), also: Box::default() }
    }

    /// The first of several, with the others after it.
    pub(crate) fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let first = errors.next()?;
        Some(Self { also: errors.collect(), ..first })
    }

    /// The same fault, in another setting.
    pub(crate) fn of(self, setting: &'static str) -> Self {
        Self { setting: setting.into(), ..self }
    }

    /// The setting, by the name of its variable, for instance `COOKIEJWT_SECRET`.
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// The fix, as one sentence.
    pub fn cure(&self) -> &str {
        &self.cure
    }

    /// Further errors that were found at the same time: all required settings that are missing are
    /// reported at once.
    ///
    /// ```
    /// use cookiejwt_core::Config;
    ///
    /// let error = Config::builder().build().unwrap_err();
    /// assert_eq!(error.setting(), "COOKIEJWT_SECRET");
    /// let also: Vec<_> = error.also().iter().map(|error| error.setting()).collect();
    /// assert_eq!(also, ["COOKIEJWT_ISSUER", "COOKIEJWT_AUDIENCE"]);
    /// ```
    pub fn also(&self) -> &[Self] {
        &self.also
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.setting, self.what, self.cure)?;
        self.also.iter().try_for_each(|error| write!(f, "\n{error}"))
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
