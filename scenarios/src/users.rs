//! The users of the scenarios, in memory.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use cookiejwt_store::{
    AuthUser, Method, PasswordError, PasswordHasher, PasswordMatch, Proofs, StoreError, Subject, UserStore,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::scenario::Availability;

#[derive(Clone, Debug)]
pub struct User {
    pub id: i64,
    pub name: &'static str,
    pub password: String,
    pub is_active: bool,
    pub claims: Value,
    /// Whether they have set up a code as a second factor.
    pub has_code: bool,
}

impl AuthUser for User {
    fn subject(&self) -> Subject {
        self.id.into()
    }

    fn password_hash(&self) -> Option<&str> {
        Some(&self.password)
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn claims(&self) -> impl Serialize {
        self.claims.clone()
    }

    fn second_factor(&self, proofs: &Proofs) -> bool {
        self.has_code && ![Method::OTP, Method::HWK].into_iter().any(|method| proofs.has(method))
    }

    fn second_factors(&self) -> Vec<Method> {
        vec![Method::OTP]
    }
}

/// Forty users of one office.
#[rustfmt::skip]
pub(crate) const STAFF: [&str; 40] = [
    "staff-1", "staff-2", "staff-3", "staff-4", "staff-5", "staff-6", "staff-7", "staff-8", "staff-9", "staff-10",
    "staff-11", "staff-12", "staff-13", "staff-14", "staff-15", "staff-16", "staff-17", "staff-18", "staff-19", "staff-20",
    "staff-21", "staff-22", "staff-23", "staff-24", "staff-25", "staff-26", "staff-27", "staff-28", "staff-29", "staff-30",
    "staff-31", "staff-32", "staff-33", "staff-34", "staff-35", "staff-36", "staff-37", "staff-38", "staff-39", "staff-40",
];

/// Alice is 1, bob is 2, zoë is 3, and forty staff members start at 101; their passwords are their
/// names and `-pw`. Clones share the rows.
#[derive(Clone)]
pub struct Users(Arc<Inner>);

struct Inner {
    rows: Mutex<Vec<User>>,
    availability: Mutex<Availability>,
    calls: AtomicUsize,
}

impl Default for Users {
    fn default() -> Self {
        let user = |id, name| User {
            id,
            name,
            password: format!("{name}-pw"),
            is_active: true,
            claims: json!({ "name": name, "roles": ["reader"] }),
            has_code: false,
        };
        let staff = (101..).zip(STAFF).map(|(id, name)| user(id, name));
        let named = [user(1, "alice"), user(2, "bob"), user(3, "zo\u{eb}")];
        let rows = Mutex::new(named.into_iter().chain(staff).collect());
        Self(Arc::new(Inner { rows, availability: Mutex::default(), calls: AtomicUsize::new(0) }))
    }
}

impl Users {
    pub fn by_name(&self, name: &str) -> User {
        self.find(|user| user.name == name).expect("a known user")
    }

    pub fn by_id(&self, id: i64) -> Option<User> {
        self.find(|user| user.id == id)
    }

    pub fn change(&self, name: &str, change: impl FnOnce(&mut User)) {
        change(self.0.rows.lock().unwrap().iter_mut().find(|user| user.name == name).unwrap());
    }

    pub fn set_claims(&self, name: &str, claims: Value) {
        self.change(name, |user| user.claims = claims);
    }

    pub fn delete(&self, name: &str) {
        self.0.rows.lock().unwrap().retain(|user| user.name != name);
    }

    pub fn set_away(&self, away: bool) {
        self.set(if away { Availability::Away } else { Availability::Back });
    }

    pub fn set(&self, availability: Availability) {
        *self.0.availability.lock().unwrap() = availability;
    }

    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    pub fn forget_calls(&self) {
        self.0.calls.store(0, Ordering::SeqCst);
    }

    fn find(&self, is_it: impl Fn(&User) -> bool) -> Option<User> {
        self.0.rows.lock().unwrap().iter().find(|user| is_it(user)).cloned()
    }

    fn called(&self) -> Result<(), StoreError> {
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        let availability = *self.0.availability.lock().unwrap();
        availability.answer("users")
    }
}

impl UserStore for Users {
    type User = User;
    type Error = StoreError;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<User>, StoreError> {
        self.called()?;
        Ok(self.find(|user| user.subject() == *id))
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<User>, StoreError> {
        self.called()?;
        Ok(self.find(|user| user.name == login))
    }

    async fn set_password_hash(&self, id: &Subject, old: &str, new: &str) -> Result<bool, StoreError> {
        self.called()?;
        let mut rows = self.0.rows.lock().unwrap();
        let row = rows.iter_mut().find(|user| user.subject() == *id && user.password == old);
        Ok(row.map(|user| new.clone_into(&mut user.password)).is_some())
    }
}

/// Stores passwords as plain text: these tests are about requests, not about hashes.
pub struct PlainPasswords;

impl PasswordHasher for PlainPasswords {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        Ok(password.to_owned())
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        if password == hash { PasswordMatch::Yes } else { PasswordMatch::No }
    }
}
