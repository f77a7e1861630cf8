//! Each fault, the exploration that looks for it, and the rule that must notice it.

use crate::pendings::{
    fault::Fault::{self, *},
    scenario::{
        BESIDE, CLICKS, ENDS, ENROLS, GUESSES, MANY, MODES, PASSWORD, PURPOSES, Pick, RACE, RESETS,
        Rule::{self, *},
        Scenario, TABLES, TABS,
    },
};

pub(crate) const FAULTS: [(Fault, Scenario, Rule); 24] = [
    (EndIgnored, ENDS, InTime),
    (EndIgnoredWhenSpent, ENDS, OnceEach),
    (PurposeIgnored, PURPOSES, ItsOwn),
    (KeyShared, TABLES, ItsOwn),
    (ModeIgnored, MODES, ItsOwn),
    (SessionIgnored, BESIDE, ItsOwn),
    (BindingIgnored, RESETS, ResetEndsIt),
    (BindingCheckedOnce, RESETS, ResetEndsIt),
    (ProofsLost, TABS, EveryProof),
    (SubjectIgnored, PURPOSES, EveryProof),
    (NeverSpent, CLICKS, OnceEach),
    (SpentBeforeTheCheck, CLICKS, HonestGetsIn),
    (SpendNotAtomic, CLICKS, OnceEach),
    (CodeNeverSpent, RACE, OnceEach),
    (WrongNotCounted, GUESSES, FewGuesses),
    (CheckedAtOnce, GUESSES, FewGuesses),
    (SecondFactorNotAsked, PASSWORD, EveryProof),
    (SecondFactorNotAskedAgain, ENROLS, EveryProof),
    (UserNotReadAgain, RESETS, ResetEndsIt),
    (SessionsOutliveReset, RESETS, ResetEndsIt),
    (OldestKept, MANY, AtMostFour),
    (NewestCleared, MANY, AtMostFour),
    (OthersCleared, TABS, AtMostFour),
    (AllClearedByLogin, TABS, HonestGetsIn),
];

/// Another clause does the same; see `pendings.rs`.
pub(crate) const IMPLIED: [(Fault, Scenario); 6] = [
    (PurgedAtOnce, ENDS),
    (EndIgnoredWhenOpened, ENDS),
    (EndIgnoredWhenProved, ENDS),
    (SealingKeyShared, TABLES),
    (BindingKeyShared, TABLES),
    (SecondFactorNotAskedFirst, ENROLS),
];

/// What an application does that violates the assumption.
pub(crate) const EXCEPTION: (&str, Scenario, Rule) = (
    "the newest pending login of a purpose, and two users in one browser",
    Scenario { pick: Pick::Newest, ..TABS },
    HonestGetsIn,
);
