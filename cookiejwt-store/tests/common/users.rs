use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use cookiejwt_store::{AuthUser, Facts, Method, Proofs, StoreError, Subject, UserStore};
use serde_json::{Value, json};

use super::{Call, Switches};

/// The password of every user with a password.
pub(crate) const PASSWORD: &str = "correct horse";

/// A row of the application's user table.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) login: &'static str,
    pub(crate) password_hash: Option<String>,
    pub(crate) is_active: bool,
    pub(crate) claims: Value,
    pub(crate) stamp: Option<String>,
    /// Whether a code has to follow the password.
    pub(crate) has_totp: bool,
}

impl AuthUser for User {
    fn subject(&self) -> Subject {
        self.id.into()
    }

    fn password_hash(&self) -> Option<&str> {
        self.password_hash.as_deref()
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn claims_for(&self, facts: &Facts) -> impl serde::Serialize {
        let mut claims = self.claims.clone();
        if let (Some(tenant), Some(claims)) = (facts.get::<String>("tenant"), claims.as_object_mut()) {
            claims.insert("roles".into(), json!([format!("{} at {tenant}", self.login)]));
        }
        claims
    }

    fn stamp(&self) -> Option<&str> {
        self.stamp.as_deref()
    }

    fn second_factor(&self, proofs: &Proofs) -> bool {
        self.has_totp && !proofs.has(Method::OTP) && !proofs.has(Method::HWK)
    }

    fn second_factors(&self) -> Vec<Method> {
        vec![Method::OTP, Method::HWK]
    }

    fn names(&self) -> Vec<String> {
        vec![self.login.to_owned()]
    }
}

type Change = Box<dyn FnOnce(&mut Vec<User>) + Send>;

/// alice (1), bob (2), carol (3, disabled) and dave (4, without a password), in memory.
#[derive(Clone)]
pub(crate) struct TestUsers {
    rows: Arc<Mutex<Vec<User>>>,
    meanwhile: Arc<Mutex<Option<(Call, Change)>>>,
    column: Arc<AtomicUsize>,
    pub(crate) switches: Switches,
}

impl TestUsers {
    pub(crate) fn new(switches: Switches) -> Self {
        let row = |id, login| User {
            id,
            login,
            password_hash: Some(format!("new:0:{PASSWORD}")),
            is_active: true,
            claims: json!({ "name": login }),
            stamp: None,
            has_totp: false,
        };
        let mut rows = vec![row(1, "alice"), row(2, "bob"), row(3, "carol"), row(4, "dave")];
        rows[2].is_active = false;
        rows[3].password_hash = None;
        let column = Arc::new(AtomicUsize::new(usize::MAX));
        Self { rows: Arc::new(Mutex::new(rows)), meanwhile: Arc::default(), column, switches }
    }

    /// Changes one row.
    pub(crate) fn change(&self, id: i64, change: impl FnOnce(&mut User)) {
        change(self.rows.lock().unwrap().iter_mut().find(|user| user.id == id).unwrap());
    }

    /// The column of the hashes truncates longer values, as MySQL does without strict mode.
    pub(crate) fn cut_hashes_at(&self, length: usize) {
        self.column.store(length, Ordering::SeqCst);
    }

    pub(crate) fn remove(&self, id: i64) {
        self.rows.lock().unwrap().retain(|user| user.id != id);
    }

    pub(crate) fn row(&self, id: i64) -> User {
        self.rows.lock().unwrap().iter().find(|user| user.id == id).unwrap().clone()
    }

    /// Changes the table at the next such call, like a faster concurrent request.
    pub(crate) fn before(&self, call: Call, change: impl FnOnce(&mut Vec<User>) + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some((call, Box::new(change)));
    }

    fn enter(&self, call: Call) -> Result<(), StoreError> {
        let due = self.meanwhile.lock().unwrap().take_if(|(at, _)| *at == call);
        if let Some((_, change)) = due {
            change(&mut self.rows.lock().unwrap());
        }
        self.switches.enter(call)
    }

    fn find(&self, is_meant: impl Fn(&User) -> bool) -> Option<User> {
        self.rows.lock().unwrap().iter().find(|user| is_meant(user)).cloned()
    }
}

impl UserStore for TestUsers {
    type User = User;
    type Error = StoreError;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<User>, StoreError> {
        self.enter(Call::FindById)?;
        Ok(self.find(|user| user.subject() == *id))
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<User>, StoreError> {
        self.enter(Call::FindByLogin)?;
        Ok(self.find(|user| user.login == login))
    }

    async fn set_password_hash(&self, id: &Subject, old: &str, new: &str) -> Result<bool, StoreError> {
        self.enter(Call::SetPasswordHash)?;
        let mut rows = self.rows.lock().unwrap();
        let row = rows.iter_mut().find(|user| user.subject() == *id);
        let row = row.filter(|user| user.password_hash.as_deref() == Some(old));
        let kept = new.len().min(self.column.load(Ordering::SeqCst));
        let swapped = row.map(|user| user.password_hash = Some(new[..kept].to_owned())).is_some();
        self.switches.leave(Call::SetPasswordHash, swapped)
    }
}

impl fmt::Debug for TestUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestUsers").field("rows", &self.rows).finish_non_exhaustive()
    }
}
