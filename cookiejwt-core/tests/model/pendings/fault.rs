//! Faults that are introduced one at a time: a rule of the core is gone round by giving the core
//! other inputs, a rule of the driver is left out.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A pending login is opened after its end, and checked after it.
    EndIgnored,
    /// Only where it is opened.
    EndIgnoredWhenOpened,
    /// Only before it is checked.
    EndIgnoredWhenProved,
    /// Only after it was checked.
    EndIgnoredWhenSpent,
    /// A page takes a pending login of any purpose.
    PurposeIgnored,
    /// One key for every user table.
    KeyShared,
    /// Only the one that seals.
    SealingKeyShared,
    /// Only the one that binds to a user.
    BindingKeyShared,
    /// The text of a body counts as a cookie, and the other way round.
    ModeIgnored,
    /// One that began beside a session continues beside any.
    SessionIgnored,
    BindingIgnored,
    /// The user is read before the check only.
    BindingCheckedOnce,
    /// The session of a step has the proofs of that step only.
    ProofsLost,
    /// A proof that names its user counts for the user of the pending login.
    SubjectIgnored,

    NeverSpent,
    /// Spent with a wrong proof as well.
    SpentBeforeTheCheck,
    /// What is spent is asked first, and written by another statement.
    SpendNotAtomic,
    /// Purged as soon as it has ended.
    PurgedAtOnce,
    CodeNeverSpent,
    WrongNotCounted,
    /// Proofs of one account are checked at the same time.
    CheckedAtOnce,

    SecondFactorNotAsked,
    /// Only before the row is written.
    SecondFactorNotAskedFirst,
    /// Only after the row was written.
    SecondFactorNotAskedAgain,
    /// The user is not read again after the row was written.
    UserNotReadAgain,
    /// A new password ends no session.
    SessionsOutliveReset,

    /// The fifth pending login of a browser clears none.
    OldestKept,
    NewestCleared,
    /// A pending login clears all others of the browser.
    OthersCleared,
    /// A session clears all pending logins of the browser.
    AllClearedByLogin,
}
