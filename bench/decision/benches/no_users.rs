//! A user store without users: the benchmarks never look one up.

use cookiejwt_store::{AuthUser, StoreError, Subject, UserStore};

pub(crate) struct NoUsers;

pub(crate) struct User;

impl AuthUser for User {
    fn subject(&self) -> Subject {
        42.into()
    }

    fn password_hash(&self) -> Option<&str> {
        None
    }
}

impl UserStore for NoUsers {
    type User = User;
    type Error = StoreError;

    async fn find_by_id(&self, _: &Subject) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn find_by_login(&self, _: &str) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
}
