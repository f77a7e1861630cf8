//! What the applications of `examples/proofs` share, so that each of them contains only code for
//! its framework: users, codes, passkeys, the identity provider, mails and pages.

mod codes;
mod database;
mod error;
mod forms;
mod mails;
mod pages;
mod passkeys;
mod provider;
mod settings;
mod users;
mod view;

use std::{sync::Arc, time::Duration};

use cookiejwt_store::{Authenticator, Method, Requirement, SeaOrmTokenStore};

pub use example_shared::{overdue, report, stopped};
pub use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

pub use crate::{
    codes::Enrolment,
    error::ProofsError,
    forms::{
        AddressForm, Answer, CodeForm, Confirm, LinkForm, LoginForm, NewPasswordForm, Next, PasswordForm,
        ResetForm, Said, TransferForm, UserForm,
    },
    mails::{MailedLink, Mails},
    pages::Visitor,
    passkeys::Passkeys,
    provider::{Journey, Provider},
    settings::Settings,
    users::{PASSKEY, User, UserClaims, Users},
    view::{ASSETS, POLICY, View},
};

/// A transfer requires a code or a passkey of the last five minutes.
pub const RECENT_PROOF: Requirement =
    Requirement::method(Method::OTP).or(Requirement::method(PASSKEY)).within(Duration::from_mins(5));

/// To change how one logs in, any proof of the last five minutes is enough.
pub const RECENT_LOGIN: Requirement = Requirement::any_method().within(Duration::from_mins(5));

/// Purposes of pending logins. The library itself uses `second-factor`.
pub mod purpose {
    /// A password that a second factor has to follow.
    pub const SECOND_FACTOR: &str = "second-factor";
    /// A login by passkey.
    pub const PASSKEY: &str = "passkey";
    /// A login at the identity provider.
    pub const PROVIDER: &str = "provider";
    /// A further proof of a user who is logged in.
    pub const CONFIRM: &str = "confirm";
    /// The first code of an app.
    pub const NEW_CODE: &str = "new-code";
    /// A new passkey.
    pub const NEW_PASSKEY: &str = "new-passkey";
}

/// The parts of the application that do not depend on the framework.
#[derive(Clone, Debug)]
pub struct App {
    /// Logins and sessions.
    pub auth: Authenticator,
    /// The user table.
    pub users: Users,
    /// Passkeys.
    pub passkeys: Arc<Passkeys>,
    /// The identity provider, if there is one.
    pub provider: Option<Arc<Provider>>,
    /// Mails with links.
    pub mails: Mails,
}

impl App {
    /// Opens the database, and creates the first users.
    pub async fn start(settings: &Settings) -> Result<Self, ProofsError> {
        let config = settings.shared.auth_config()?;
        let db = database::open(&settings.shared.database_url).await?;
        let users = Users(db.clone());
        let auth = Authenticator::builder(config)
            .users(users.clone())
            .tokens(SeaOrmTokenStore::migrate(db).await?)
            .build()?;
        database::create_first_users(&users, &auth, settings).await?;
        Ok(Self {
            passkeys: Arc::new(Passkeys::new(&settings.origin()?, users.clone())?),
            provider: Provider::new(settings)?.map(Arc::new),
            mails: Mails::new(auth.clone(), users.clone(), settings),
            auth,
            users,
        })
    }

    /// The identity provider.
    pub fn provider(&self) -> Result<&Provider, ProofsError> {
        self.provider.as_deref().ok_or(ProofsError::NoProvider)
    }
}
