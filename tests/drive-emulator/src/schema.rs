//! The names of all fields that an answer may have: a mask may name no other.

/// What an object may hold.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Any names, down to the ground.
    Any,
    /// Plain fields, and fields that are objects or lists of objects.
    Of(&'static [&'static str], &'static [(&'static str, &'static Kind)]),
}

impl Kind {
    pub(crate) fn field(&self, name: &str) -> Option<&'static Kind> {
        match self {
            Kind::Any => Some(&Kind::Any),
            Kind::Of(plain, _) if plain.contains(&name) => Some(&Kind::Any),
            Kind::Of(_, objects) => {
                objects.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
            }
        }
    }
}

pub(crate) static USER: Kind =
    Kind::Of(&["kind", "displayName", "photoLink", "me", "permissionId", "emailAddress"], &[]);

pub(crate) static PERMISSION: Kind = Kind::Of(
    &[
        "kind",
        "id",
        "type",
        "emailAddress",
        "domain",
        "role",
        "view",
        "allowFileDiscovery",
        "displayName",
        "photoLink",
        "expirationTime",
        "deleted",
        "pendingOwner",
        "inheritedPermissionsDisabled",
    ],
    &[("permissionDetails", &Kind::Any), ("teamDrivePermissionDetails", &Kind::Any)],
);

pub(crate) static PERMISSION_LIST: Kind =
    Kind::Of(&["kind", "nextPageToken"], &[("permissions", &PERMISSION)]);

pub(crate) static FILE: Kind = Kind::Of(
    &[
        "kind",
        "id",
        "name",
        "mimeType",
        "description",
        "starred",
        "trashed",
        "explicitlyTrashed",
        "trashedTime",
        "parents",
        "spaces",
        "version",
        "webContentLink",
        "webViewLink",
        "iconLink",
        "hasThumbnail",
        "thumbnailLink",
        "thumbnailVersion",
        "viewedByMe",
        "viewedByMeTime",
        "createdTime",
        "modifiedTime",
        "modifiedByMeTime",
        "modifiedByMe",
        "sharedWithMeTime",
        "teamDriveId",
        "driveId",
        "shared",
        "ownedByMe",
        "viewersCanCopyContent",
        "copyRequiresWriterPermission",
        "writersCanShare",
        "permissionIds",
        "hasAugmentedPermissions",
        "folderColorRgb",
        "originalFilename",
        "fullFileExtension",
        "fileExtension",
        "md5Checksum",
        "sha1Checksum",
        "sha256Checksum",
        "size",
        "quotaBytesUsed",
        "headRevisionId",
        "isAppAuthorized",
        "resourceKey",
        "inheritedPermissionsDisabled",
    ],
    &[
        ("owners", &USER),
        ("trashingUser", &USER),
        ("sharingUser", &USER),
        ("lastModifyingUser", &USER),
        ("permissions", &PERMISSION),
        ("properties", &Kind::Any),
        ("appProperties", &Kind::Any),
        ("capabilities", &Kind::Any),
        ("contentHints", &Kind::Any),
        ("contentRestrictions", &Kind::Any),
        ("downloadRestrictions", &Kind::Any),
        ("exportLinks", &Kind::Any),
        ("imageMediaMetadata", &Kind::Any),
        ("labelInfo", &Kind::Any),
        ("linkShareMetadata", &Kind::Any),
        ("shortcutDetails", &Kind::Any),
        ("videoMediaMetadata", &Kind::Any),
    ],
);

pub(crate) static FILE_LIST: Kind =
    Kind::Of(&["kind", "incompleteSearch", "nextPageToken"], &[("files", &FILE)]);

pub(crate) static CHANGE: Kind = Kind::Of(
    &["kind", "type", "changeType", "time", "removed", "fileId", "teamDriveId", "driveId"],
    &[("file", &FILE), ("drive", &Kind::Any), ("teamDrive", &Kind::Any)],
);

pub(crate) static CHANGE_LIST: Kind =
    Kind::Of(&["kind", "nextPageToken", "newStartPageToken"], &[("changes", &CHANGE)]);

pub(crate) static START: Kind = Kind::Of(&["kind", "startPageToken"], &[]);

pub(crate) static IDS: Kind = Kind::Of(&["kind", "space", "ids"], &[]);

pub(crate) static ABOUT: Kind = Kind::Of(
    &[
        "kind",
        "maxUploadSize",
        "appInstalled",
        "folderColorPalette",
        "canCreateDrives",
        "canCreateTeamDrives",
    ],
    &[
        ("user", &USER),
        ("storageQuota", &Kind::Any),
        ("importFormats", &Kind::Any),
        ("exportFormats", &Kind::Any),
        ("maxImportSizes", &Kind::Any),
        ("driveThemes", &Kind::Any),
        ("teamDriveThemes", &Kind::Any),
    ],
);
