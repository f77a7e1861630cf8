//! The credentials of a request that were not accepted or came more than once.

use crate::{
    decide::decision::Decision,
    request::{CredentialFault, CredentialName, DuplicateCookie},
    response::Twins,
    token::TokenFault,
};

/// What was noticed about the credentials of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    list: Vec<CredentialFault>,
    /// Boxed: hardly any request has one, and every decision has the field.
    duplicated: Option<Box<Duplicated>>,
}

#[derive(Clone, Debug)]
struct Duplicated {
    cookie: DuplicateCookie,
    twins: Twins,
}

impl Faults {
    pub(super) fn add(&mut self, credential: CredentialName, fault: TokenFault) {
        self.list.push(CredentialFault { credential, fault });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &CredentialFault> {
        self.list.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn report(&mut self, cookie: DuplicateCookie, twins: Twins) {
        self.duplicated = Some(Box::new(Duplicated { cookie, twins }));
    }
}

impl Decision {
    /// Adds what was noticed about the credentials; cookies that are set or cleared delete their
    /// twins.
    pub(super) fn with_faults(mut self, faults: Faults) -> Self {
        let Faults { list, duplicated } = faults;
        if !list.is_empty() {
            self.notes.write().faults = list;
        }
        if let Some(duplicated) = duplicated {
            let Duplicated { cookie, twins } = *duplicated;
            self.notes.write().duplicate = Some(cookie);
            self.cookies = self.cookies.with_twins(twins);
        }
        self
    }
}
