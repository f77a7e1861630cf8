//! The user table, with everything that a user can prove.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cookiejwt_store::{AuthUser, Checked, Method, PendingLogin, Proofs, Subject, UserStore};
use sea_orm::{
    ActiveValue::Set,
    DatabaseConnection, DbErr,
    entity::prelude::{
        ActiveModelBehavior, ColumnTrait as _, DeriveEntityModel, DerivePrimaryKey, DeriveRelation,
        EntityTrait, EnumIter, Expr, PrimaryKeyTrait, QueryFilter as _,
    },
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::Passkey;

use crate::{Enrolment, ProofsError, codes};

/// A passkey may be synchronised between devices, so it counts as a key in software.
pub const PASSKEY: Method = Method::SWK;

/// A row of the user table.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// The `sub` claim.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The login name.
    #[sea_orm(unique)]
    pub name: String,
    /// Where mails are sent to.
    #[sea_orm(unique)]
    pub address: Option<String>,
    /// `None` for a user who logs in without a password.
    pub password_hash: Option<String>,
    /// Whether the user has the role `admin`.
    pub is_admin: bool,
    /// The secret of the user's TOTP app, in base32.
    pub totp_secret: Option<String>,
    /// The hashes of the recovery codes that are left, as a JSON array.
    pub recovery_codes: String,
    /// The passkeys, as a JSON array.
    pub passkeys: String,
    /// What the identity provider calls the user.
    #[sea_orm(unique)]
    pub provider_subject: Option<String>,
}

/// A user of the application.
pub type User = Model;

/// None.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What the access token contains about the user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserClaims {
    /// The login name.
    pub name: String,
    /// Checked by `require_role`.
    pub roles: Vec<String>,
}

impl User {
    /// The user's passkeys.
    pub fn passkeys(&self) -> Vec<Passkey> {
        serde_json::from_str(&self.passkeys).unwrap_or_default()
    }

    fn recovery_hashes(&self) -> Vec<String> {
        serde_json::from_str(&self.recovery_codes).unwrap_or_default()
    }
}

impl AuthUser for User {
    fn subject(&self) -> Subject {
        self.id.into()
    }

    fn password_hash(&self) -> Option<&str> {
        self.password_hash.as_deref()
    }

    fn names(&self) -> Vec<String> {
        [Some(self.name.clone()), self.address.clone()].into_iter().flatten().collect()
    }

    fn claims(&self) -> impl Serialize {
        let roles = if self.is_admin { vec!["admin".into()] } else { Vec::new() };
        UserClaims { name: self.name.clone(), roles }
    }

    /// A passkey is more than one factor already: the device, and its PIN or a finger.
    fn second_factor(&self, proofs: &Proofs) -> bool {
        let known = self.second_factors();
        !known.is_empty() && !proofs.has(Method::OTP) && !proofs.has(PASSKEY)
    }

    fn second_factors(&self) -> Vec<Method> {
        let code = self.totp_secret.is_some().then_some(Method::OTP);
        let passkey = (!self.passkeys().is_empty()).then_some(PASSKEY);
        code.into_iter().chain(passkey).collect()
    }
}

/// The table: the application's implementation of [`UserStore`].
#[derive(Clone, Debug)]
pub struct Users(pub(crate) DatabaseConnection);

impl UserStore for Users {
    type User = User;
    type Error = DbErr;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<User>, DbErr> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        Entity::find_by_id(id).one(&self.0).await
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<User>, DbErr> {
        self.one(Column::Name, login).await
    }

    async fn set_password_hash(&self, id: &Subject, old: &str, new: &str) -> Result<bool, DbErr> {
        let Ok(id) = id.parse::<i64>() else { return Ok(false) };
        self.swap(id, Column::PasswordHash, old, new).await
    }

    async fn set_first_password_hash(&self, id: &Subject, new: &str) -> Result<bool, DbErr> {
        let Ok(id) = id.parse::<i64>() else { return Ok(false) };
        let update = Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(new))
            .filter(Column::Id.eq(id))
            .filter(Column::PasswordHash.is_null());
        Ok(update.exec(&self.0).await?.rows_affected == 1)
    }
}

impl Users {
    async fn one(&self, column: Column, value: &str) -> Result<Option<User>, DbErr> {
        Entity::find().filter(column.eq(value)).one(&self.0).await
    }

    /// Replaces a value that nobody else has changed meanwhile.
    async fn swap(&self, id: i64, column: Column, old: &str, new: &str) -> Result<bool, DbErr> {
        let update = Entity::update_many()
            .col_expr(column, Expr::value(new))
            .filter(Column::Id.eq(id))
            .filter(column.eq(old));
        Ok(update.exec(&self.0).await?.rows_affected == 1)
    }

    /// All users, for the page of the administrator.
    pub async fn all(&self) -> Result<Vec<User>, ProofsError> {
        Ok(Entity::find().all(&self.0).await?)
    }

    /// The user with this id, unless they are an administrator.
    pub async fn without_power(&self, id: i64) -> Result<Option<User>, ProofsError> {
        Ok(self.find_by_id(&id.into()).await?.filter(|user| !user.is_admin))
    }

    /// The user with this mail address.
    pub async fn with_address(&self, address: &str) -> Result<Option<User>, DbErr> {
        self.one(Column::Address, address).await
    }

    /// The user whom the identity provider knows by this name. At their first login they get an
    /// account of their own; an existing account is not taken over because a name is the same.
    pub(crate) async fn of_provider(&self, subject: &str) -> Result<User, DbErr> {
        if let Some(user) = self.one(Column::ProviderSubject, subject).await? {
            return Ok(user);
        }
        let new = NewUser { name: format!("provider:{subject}"), ..NewUser::default() };
        let row = ActiveModel { provider_subject: Set(Some(subject.into())), ..new.row() };
        Entity::insert(row).exec_with_returning(&self.0).await
    }

    /// The check of a code that the user has typed: one of their app, or a recovery code, which is
    /// then gone.
    pub async fn check_code(
        &self,
        pending: &PendingLogin,
        code: &str,
    ) -> Result<Option<Checked<User>>, ProofsError> {
        let code = code.trim().replace([' ', '-'], "");
        let Some(subject) = &pending.subject else { return Ok(None) };
        let Some(user) = self.find_by_id(subject).await? else { return Ok(None) };
        if let Some(step) = user.totp_secret.as_deref().and_then(|secret| codes::step(secret, &code)) {
            return Ok(Some(Checked::right().once(step)));
        }
        let left = user.recovery_hashes();
        let others: Vec<_> = left.iter().filter(|hash| **hash != sha256(&code)).collect();
        if others.len() == left.len() {
            return Ok(None);
        }
        let others = serde_json::to_string(&others)?;
        let is_first = self.swap(user.id, Column::RecoveryCodes, &user.recovery_codes, &others).await?;
        Ok(is_first.then(Checked::right))
    }

    /// Stores the secret of the user's app, and returns their recovery codes, which are shown once.
    pub async fn set_totp(&self, user: &User, pending: &PendingLogin) -> Result<Vec<String>, ProofsError> {
        let enrolment: Option<Enrolment> = pending.read_data();
        let codes = (0..8).map(|_| recovery_code()).collect::<Result<Vec<_>, _>>()?;
        let hashes: Vec<_> = codes.iter().map(|code| sha256(&code.replace('-', ""))).collect();
        let row = ActiveModel {
            id: Set(user.id),
            totp_secret: Set(enrolment.map(|enrolment| enrolment.secret)),
            recovery_codes: Set(serde_json::to_string(&hashes)?),
            ..ActiveModel::default()
        };
        Entity::update(row).exec(&self.0).await?;
        Ok(codes)
    }

    /// Adds a passkey, or replaces the row of one whose counter has moved.
    pub(crate) async fn keep_passkey(&self, user: &User, passkey: Passkey) -> Result<bool, ProofsError> {
        let mut all = user.passkeys();
        all.retain(|known| known.cred_id() != passkey.cred_id());
        all.push(passkey);
        let all = serde_json::to_string(&all)?;
        Ok(self.swap(user.id, Column::Passkeys, &user.passkeys, &all).await?)
    }

    pub(crate) async fn add(&self, new: NewUser) -> Result<(), DbErr> {
        Entity::insert(new.row()).exec_without_returning(&self.0).await.map(drop)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct NewUser {
    pub(crate) name: String,
    pub(crate) address: Option<String>,
    pub(crate) password_hash: Option<String>,
    pub(crate) is_admin: bool,
}

impl NewUser {
    fn row(self) -> ActiveModel {
        ActiveModel {
            name: Set(self.name),
            address: Set(self.address),
            password_hash: Set(self.password_hash),
            is_admin: Set(self.is_admin),
            recovery_codes: Set("[]".into()),
            passkeys: Set("[]".into()),
            ..ActiveModel::default()
        }
    }
}

/// 60 random bits, so that a fast hash is enough.
fn recovery_code() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    let text: String = bytes
        .iter()
        .map(|byte| char::from(b"abcdefghjkmnpqrstuvwxyz023456789"[usize::from(byte % 32)]))
        .collect();
    Ok(format!("{}-{}", &text[..4], &text[4..]))
}

fn sha256(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
