//! The trait of the application's own user table.

use std::{any::Any, error::Error, future::Future, sync::Arc};

use cookiejwt_core::{
    Facts, Method, Proofs, Subject,
    driver::{ActiveUser, CustomClaims, UserState},
    fault::MintError,
};
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

    /// The [`claims`](Self::claims) for a session with these facts: the roles of a user in the
    /// tenant that they work in. Asked at login and at each refresh.
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use cookiejwt_store::{AuthUser, Facts, Subject};
    ///
    /// struct Member {
    ///     id: i64,
    ///     roles: HashMap<String, Vec<String>>,
    /// }
    ///
    /// impl AuthUser for Member {
    ///     fn subject(&self) -> Subject {
    ///         self.id.into()
    ///     }
    ///
    ///     fn password_hash(&self) -> Option<&str> {
    ///         None
    ///     }
    ///
    ///     fn claims_for(&self, facts: &Facts) -> impl serde::Serialize {
    ///         let tenant: String = facts.get("tenant").unwrap_or_default();
    ///         serde_json::json!({ "roles": self.roles.get(&tenant) })
    ///     }
    /// }
    /// ```
    fn claims_for(&self, facts: &Facts) -> impl Serialize {
        let _ = facts;
        self.claims()
    }

    /// Whatever ends every session of the user when it changes, such as a counter that you increase
    /// when their e-mail address changes, or the time of creation if ids may be used again.
    ///
    /// The refresh token contains a keyed hash of it, which is compared at each refresh. A session
    /// that began without a stamp takes the first one that it meets. `None` ends nothing.
    fn stamp(&self) -> Option<&str> {
        None
    }

    /// Whether the user needs more proofs than these: true for a user who has set up a second
    /// factor and has only given their password.
    ///
    /// Every way to a session asks it: the login routes, custom logins, a fresh login, a new
    /// password, and each refresh. A session that began before the second factor was set up
    /// therefore ends at its next refresh, so the page that sets it up ends with
    /// [`step_up`](crate::Authenticator::step_up).
    ///
    /// ```
    /// # use cookiejwt_store::{AuthUser, Method, Proofs, Subject};
    /// # struct User { totp: Option<String> }
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// fn second_factor(&self, proofs: &Proofs) -> bool {
    ///     self.totp.is_some() && !proofs.has(Method::OTP)
    /// }
    /// # }
    /// ```
    fn second_factor(&self, proofs: &Proofs) -> bool {
        let _ = proofs;
        false
    }

    /// What the user can prove next; the response `second_factor_required` lists it, so that a page
    /// knows what to ask for.
    fn second_factors(&self) -> Vec<Method> {
        Vec::new()
    }
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
    /// works. The client gets 503, and the log contains the reason.
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
    pub(crate) user: Arc<dyn DynUser>,
}

impl FoundUser {
    fn new(user: impl AuthUser) -> Self {
        Self {
            subject: user.subject(),
            password_hash: user.password_hash().map(Into::into),
            is_active: user.is_active(),
            user: Arc::new(user),
        }
    }
}

/// [`AuthUser`] behind a pointer.
pub(crate) trait DynUser: Send + Sync {
    fn claims_for(&self, facts: &Facts) -> Result<CustomClaims, MintError>;
    fn stamp(&self) -> Option<String>;
    fn second_factor(&self, proofs: &Proofs) -> bool;
    fn second_factors(&self) -> Vec<Method>;
    /// Asked only when a password changes.
    fn names(&self) -> Vec<String>;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<U: AuthUser> DynUser for U {
    fn claims_for(&self, facts: &Facts) -> Result<CustomClaims, MintError> {
        CustomClaims::new(&AuthUser::claims_for(self, facts))
    }

    fn stamp(&self) -> Option<String> {
        AuthUser::stamp(self).map(Into::into)
    }

    fn second_factor(&self, proofs: &Proofs) -> bool {
        AuthUser::second_factor(self, proofs)
    }

    fn second_factors(&self) -> Vec<Method> {
        AuthUser::second_factors(self)
    }

    fn names(&self) -> Vec<String> {
        AuthUser::names(self)
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl dyn DynUser {
    /// The user as a refresh of a session with these facts needs them.
    pub(crate) fn state(&self, facts: &Facts) -> UserState {
        // Who acts for a user has no proofs of that user.
        if facts.actor().is_none() && self.second_factor(facts.proofs()) {
            return UserState::SecondFactorRequired;
        }
        UserState::Active(ActiveUser::new(self.claims_for(facts)).stamp(self.stamp()))
    }
}

/// [`UserStore`] as a trait object.
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
