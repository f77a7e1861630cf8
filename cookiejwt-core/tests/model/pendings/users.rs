//! Who logs in, and how they prove who they are.

use cookiejwt_core::{Method, Proofs, Subject};

use crate::token::{Millis, datetime};

/// A user table: an application has one core for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Realm {
    Shop,
    Staff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum User {
    /// A password and a second factor.
    Alice,
    /// A password alone.
    Bob,
    /// A login at an identity provider, and a second factor.
    Carol,
    /// As Carol and with the same subject, in the other user table.
    Chief,
}

/// What the user store has of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Account {
    /// Which password it is, for users who have one.
    pub(crate) password: u8,
    pub(crate) stamp: u8,
    pub(crate) has_factor: bool,
    pub(crate) reset: Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reset {
    None,
    /// The new password is there.
    Swapped,
    /// And the sessions have ended.
    Ended,
}

/// A way to prove something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Way {
    Password,
    Federated,
    Code,
    Passkey,
}

/// Ways, and when each was used.
pub(crate) type Ways = Vec<(Way, Millis)>;

impl User {
    pub(crate) const ALL: [Self; 4] = [Self::Alice, Self::Bob, Self::Carol, Self::Chief];

    pub(crate) fn realm(self) -> Realm {
        if self == Self::Chief { Realm::Staff } else { Realm::Shop }
    }

    pub(crate) fn subject(self) -> Subject {
        match self {
            Self::Alice => 1.into(),
            Self::Bob => 2.into(),
            Self::Carol | Self::Chief => 3.into(),
        }
    }

    /// The user with this subject in a user table.
    pub(crate) fn find(realm: Realm, subject: &Subject) -> Option<Self> {
        Self::ALL.into_iter().find(|user| user.realm() == realm && user.subject() == *subject)
    }

    pub(crate) fn index(self) -> usize {
        Self::ALL.iter().position(|user| *user == self).unwrap()
    }

    /// How a login of theirs begins.
    pub(crate) fn first(self) -> Way {
        match self {
            Self::Alice | Self::Bob => Way::Password,
            Self::Carol | Self::Chief => Way::Federated,
        }
    }
}

impl Account {
    pub(crate) fn new(user: User) -> Self {
        Self { password: 0, stamp: 0, has_factor: user != User::Bob, reset: Reset::None }
    }

    pub(crate) fn hash_text(self, user: User) -> Option<String> {
        (user.first() == Way::Password).then(|| format!("hash {} of {user:?}", self.password))
    }

    pub(crate) fn stamp_text(self, user: User) -> Option<String> {
        (user.first() == Way::Password).then(|| self.stamp.to_string())
    }

    /// `AuthUser::second_factor` of this application: does the user need more than these proofs? A
    /// passkey is enough alone.
    pub(crate) fn second_factor(self, proofs: &Proofs) -> bool {
        self.has_factor && !proofs.has(Method::OTP) && !proofs.has(Method::HWK)
    }
}

impl Way {
    const ALL: [Self; 4] = [Self::Password, Self::Federated, Self::Code, Self::Passkey];

    pub(crate) fn method(self) -> Method {
        match self {
            Self::Password => Method::PWD,
            Self::Federated => Method::FED,
            Self::Code => Method::OTP,
            Self::Passkey => Method::HWK,
        }
    }
}

pub(crate) fn proofs(ways: &[(Way, Millis)]) -> Proofs {
    ways.iter().fold(Proofs::new(), |proofs, (way, at)| proofs.with(way.method(), datetime(*at)))
}

pub(crate) fn ways(proofs: &Proofs) -> Ways {
    let at = |way: Way| Some((way, crate::token::millis(proofs.time_of(way.method())?.into())));
    Way::ALL.into_iter().filter_map(at).collect()
}

pub(crate) fn has(ways: &[(Way, Millis)], way: Way) -> bool {
    ways.iter().any(|(used, _)| *used == way)
}
