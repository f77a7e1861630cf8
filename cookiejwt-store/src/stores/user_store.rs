//! The trait of the application's own user table.

use std::{any::Any, error::Error, future::Future};

use cookiejwt_core::{Subject, driver::CustomClaims, fault::MintError};
use serde::Serialize;

use super::token_store::{BoxFuture, boxed};
use crate::errors::StoreError;

/// A user of the application, with what a login needs to know about them.
///
/// ```
/// use cookiejwt_store::{AuthUser, Subject};
///
/// struct User {
///     id: i64,
///     password_hash: String,
///     role: String,
/// }
///
/// impl AuthUser for User {
///     fn subject(&self) -> Subject {
///         self.id.into()
///     }
///
///     fn password_hash(&self) -> Option<&str> {
///         Some(&self.password_hash)
///     }
///
///     fn claims(&self) -> impl serde::Serialize {
///         serde_json::json!({ "role": self.role })
///     }
/// }
/// ```
pub trait AuthUser: Send + Sync + 'static {
    /// The `sub` claim: the id of the row.
    fn subject(&self) -> Subject;

    /// The stored password hash; `None` for a user without a password (OAuth only). A dummy hash is
    /// then checked, so that the response takes as long.
    fn password_hash(&self) -> Option<&str>;

    /// Whether the user may log in and stay logged in; checked at each login and each refresh.
    fn is_active(&self) -> bool {
        true
    }

    /// What the user is called: login name, e-mail address, real name. A policy for new passwords
    /// sees them; with the feature `zxcvbn` a password that is made of them counts as guessable
    /// (OWASP ASVS 5.0 6.2.11).
    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the access token contains in addition to the registered claims: roles, a name. It must
    /// serialize as an object, or as nothing.
    fn claims(&self) -> impl Serialize {}
}

/// Finds users in the application's own table. It is the one trait that every application
/// implements.
///
/// Write the methods as `async fn`; their futures must be `Send`. [`Error`](Self::Error) is the
/// error of your database, so that `?` works.
///
/// # Example
///
/// This table uses SeaORM 2. With sqlx, diesel or another library, only the three method bodies and
/// `Error` differ.
///
#[doc = "```"]
#[doc = include_str!("../../docs/user_store.rs")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), DbErr> {
/// # let db = sea_orm::Database::connect("sqlite::memory:").await?;
/// # db.get_schema_builder().register(user::Entity).sync(&db).await?;
/// # let users = Users(db);
/// # assert!(users.find_by_login("alice").await?.is_none());
/// # assert!(users.find_by_id(&"alice".into()).await?.is_none());
/// # assert!(!users.set_password_hash(&1.into(), "old", "new").await?);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a user store",
    note = "implement `UserStore` for the type that holds your database connection"
)]
pub trait UserStore: Send + Sync + 'static {
    /// The application's user.
    type User: AuthUser;

    /// The error of the application's database: `sqlx::Error`, `sea_orm::DbErr`,
    /// [`Infallible`](std::convert::Infallible), or an own type. Any error type fits, so that `?`
    /// works.
    ///
    /// The client gets 503 for it, and the log the reason.
    type Error: Into<Box<dyn Error + Send + Sync>>;

    /// The user with this id; read at each refresh, and by `CurrentUser`.
    fn find_by_id(
        &self,
        id: &Subject,
    ) -> impl Future<Output = Result<Option<Self::User>, Self::Error>> + Send;

    /// The user with this login name; read at login.
    ///
    /// The name is in NFC, without white space at its ends and without control characters: store
    /// names in NFC, too. An error that is about the name and not about the database
    /// ([`StoreError::data`]) counts as `None`; errors of SeaORM and its sqlx are recognized.
    fn find_by_login(
        &self,
        login: &str,
    ) -> impl Future<Output = Result<Option<Self::User>, Self::Error>> + Send;

    /// Replaces the password hash `old` by `new` and returns whether it did (compare-and-swap), so
    /// that a password that was changed in the meantime is kept.
    ///
    /// Called by `password/`, and at login if the hash has older parameters or is of the password
    /// as it was typed. The column needs room for 100 characters: a hash that the column cuts is
    /// replaced by `old` again.
    fn set_password_hash(
        &self,
        id: &Subject,
        old: &str,
        new: &str,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// A user without their type.
pub(crate) struct FoundUser {
    pub(crate) subject: Subject,
    pub(crate) password_hash: Option<String>,
    pub(crate) is_active: bool,
    pub(crate) claims: Result<CustomClaims, MintError>,
    pub(crate) user: Box<dyn Any + Send + Sync>,
    names: fn(&(dyn Any + Send + Sync)) -> Vec<String>,
}

impl FoundUser {
    fn new<U: AuthUser>(user: U) -> Self {
        let claims = CustomClaims::new(&user.claims());
        Self {
            subject: user.subject(),
            password_hash: user.password_hash().map(Into::into),
            is_active: user.is_active(),
            claims,
            user: Box::new(user),
            names: |user| user.downcast_ref::<U>().map(AuthUser::names).unwrap_or_default(),
        }
    }

    /// Asked only when a password changes.
    pub(crate) fn names(&self) -> Vec<String> {
        (self.names)(&*self.user)
    }
}

/// [`UserStore`] behind a pointer.
pub(crate) trait DynUserStore: Send + Sync {
    fn user_type(&self) -> &'static str;
    fn find_by_id<'a>(&'a self, id: &'a Subject) -> BoxFuture<'a, Result<Option<FoundUser>, StoreError>>;
    fn find_by_login<'a>(&'a self, login: &'a str) -> BoxFuture<'a, Result<Option<FoundUser>, StoreError>>;
    fn set_password_hash<'a>(
        &'a self,
        id: &'a Subject,
        old: &'a str,
        new: &'a str,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}

impl<S: UserStore> DynUserStore for S {
    fn user_type(&self) -> &'static str {
        std::any::type_name::<S::User>()
    }

    fn find_by_id<'a>(&'a self, id: &'a Subject) -> BoxFuture<'a, Result<Option<FoundUser>, StoreError>> {
        Box::pin(async move { Ok(boxed(UserStore::find_by_id(self, id)).await?.map(FoundUser::new)) })
    }

    fn find_by_login<'a>(&'a self, login: &'a str) -> BoxFuture<'a, Result<Option<FoundUser>, StoreError>> {
        Box::pin(async move { Ok(boxed(UserStore::find_by_login(self, login)).await?.map(FoundUser::new)) })
    }

    fn set_password_hash<'a>(
        &'a self,
        id: &'a Subject,
        old: &'a str,
        new: &'a str,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(boxed(UserStore::set_password_hash(self, id, old, new)))
    }
}
