//! Notes, the data of the application.

use cookiejwt_store::Subject;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    DatabaseConnection, QueryOrder as _, QuerySelect as _,
    entity::prelude::{
        ActiveModelBehavior, ColumnTrait as _, DeriveEntityModel, DerivePrimaryKey, DeriveRelation,
        EntityTrait, EnumIter, PrimaryKeyTrait, QueryFilter as _,
    },
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::DemoError;

const MAX_CHARACTERS: usize = 500;
const SHOWN: u64 = 100;

/// A row of the table of notes.
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "notes")]
pub struct Model {
    /// The note.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Its owner.
    pub user_id: i64,
    /// Its text.
    pub text: String,
    /// Seconds since the Unix epoch.
    pub created_at: i64,
}

/// None.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A note as the page sends it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewNote {
    /// Its text; not blank.
    #[schema(pattern = r"\S", max_length = 500)]
    pub text: String,
}

/// A note as the page sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Note {
    id: i64,
    text: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

/// The notes of the users.
#[derive(Clone, Debug)]
pub struct Notes(pub(crate) DatabaseConnection);

impl Notes {
    /// A user's latest notes, newest first.
    pub async fn list(&self, owner: &Subject) -> Result<Vec<Note>, DemoError> {
        let Ok(owner) = owner.parse::<i64>() else { return Ok(Vec::new()) };
        let own = Entity::find().filter(Column::UserId.eq(owner)).order_by_desc(Column::Id).limit(SHOWN);
        Ok(own.all(&self.0).await?.into_iter().map(Note::from).collect())
    }

    /// Stores a note; `None` when the text is blank or longer than 500 characters.
    pub async fn add(&self, owner: &Subject, text: &str) -> Result<Option<Note>, DemoError> {
        let text = text.trim();
        let Ok(owner) = owner.parse::<i64>() else { return Ok(None) };
        if text.is_empty() || text.chars().count() > MAX_CHARACTERS {
            return Ok(None);
        }
        let row = ActiveModel {
            id: NotSet,
            user_id: Set(owner),
            text: Set(text.into()),
            created_at: Set(OffsetDateTime::now_utc().unix_timestamp()),
        };
        Ok(Some(Entity::insert(row).exec_with_returning(&self.0).await?.into()))
    }
}

impl Note {
    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl From<Model> for Note {
    fn from(row: Model) -> Self {
        let created_at =
            OffsetDateTime::from_unix_timestamp(row.created_at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Self { id: row.id, text: row.text, created_at }
    }
}
