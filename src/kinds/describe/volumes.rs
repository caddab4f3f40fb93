//! Volumes of pods and sources of persistent volumes: kubectl's `describeVolumes` and the source of `describePersistentVolume`.

use serde_json::Value;

use super::json::{Json, verb_v};
use super::metadata::{MAX_ANNOTATION, shorten};
use super::quantity::Quantity;
use super::storage;
use super::writer::{Writer, line, part};

/// How a field of a source is shown.
#[derive(Clone, Copy)]
enum Show {
    /// Text, empty when absent.
    Text,
    /// A number, 0 when absent.
    Int,
    /// `true` or `false`.
    Flag,
    /// `[a b]`.
    List,
    /// `map[k:v]`.
    Map,
    /// Texts with commas between them.
    Joined,
    /// The value, or this when absent.
    Or(&'static str),
    /// A reference to a secret, as protobuf's text form in Go has it.
    Secret,
}

use Show::{Flag, Int, Joined, List, Map, Or, Secret, Text};

/// A kind of source: its field in the volume, what it is, and its own fields with their titles.
struct Source {
    field: &'static str,
    about: &'static str,
    fields: &'static [(&'static str, &'static str, Show)],
}

const fn source(field: &'static str, about: &'static str, fields: &'static [(&'static str, &'static str, Show)]) -> Source {
    Source { field, about, fields }
}

const READ_ONLY: (&str, &str, Show) = ("ReadOnly:", "readOnly", Flag);
const FS_TYPE: (&str, &str, Show) = ("FSType:", "fsType", Text);
const SECRET_REF: (&str, &str, Show) = ("SecretRef:", "secretRef", Secret);

/// Sources that a pod and a persistent volume have alike, and those that only one of them has. The odd titles are kubectl's.
static SOURCES: &[Source] = &[
    source("hostPath", "HostPath (bare host directory volume)", &[("Path:", "path", Text), ("HostPathType:", "type", Or("<none>"))]),
    source(
        "gcePersistentDisk",
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        &[("PDName:", "pdName", Text), FS_TYPE, ("Partition:", "partition", Int), READ_ONLY],
    ),
    source(
        "awsElasticBlockStore",
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        &[("VolumeID:", "volumeID", Text), FS_TYPE, ("Partition:", "partition", Int), READ_ONLY],
    ),
    source(
        "gitRepo",
        "GitRepo (a volume that is pulled from git when the pod is created)",
        &[("Repository:", "repository", Text), ("Revision:", "revision", Text)],
    ),
    source("secret", "Secret (a volume populated by a Secret)", &[("SecretName:", "secretName", Text), ("Optional:", "optional", Flag)]),
    source("configMap", "ConfigMap (a volume populated by a ConfigMap)", &[("Name:", "name", Text), ("Optional:", "optional", Flag)]),
    source(
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[("Server:", "server", Text), ("Path:", "path", Text), READ_ONLY],
    ),
    source(
        "iscsi",
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        &[
            ("TargetPortal:", "targetPortal", Text),
            ("IQN:", "iqn", Text),
            ("Lun:", "lun", Int),
            ("ISCSIInterface", "iscsiInterface", Text),
            FS_TYPE,
            READ_ONLY,
            ("Portals:", "portals", List),
            ("DiscoveryCHAPAuth:", "chapAuthDiscovery", Flag),
            ("SessionCHAPAuth:", "chapAuthSession", Flag),
            SECRET_REF,
            ("InitiatorName:", "initiatorName", Or("<none>")),
        ],
    ),
    source(
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[("ClaimName:", "claimName", Text), READ_ONLY],
    ),
    source(
        "rbd",
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        &[
            ("CephMonitors:", "monitors", List),
            ("RBDImage:", "image", Text),
            FS_TYPE,
            ("RBDPool:", "pool", Text),
            ("RadosUser:", "user", Text),
            ("Keyring:", "keyring", Text),
            SECRET_REF,
            READ_ONLY,
        ],
    ),
    source(
        "quobyte",
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        &[("Registry:", "registry", Text), ("Volume:", "volume", Text), READ_ONLY],
    ),
    source(
        "azureDisk",
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        &[
            ("DiskName:", "diskName", Text),
            ("DiskURI:", "diskURI", Text),
            ("Kind: ", "kind", Text),
            FS_TYPE,
            ("CachingMode:", "cachingMode", Text),
            READ_ONLY,
        ],
    ),
    source(
        "vsphereVolume",
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        &[("VolumePath:", "volumePath", Text), FS_TYPE, ("StoragePolicyName:", "storagePolicyName", Text)],
    ),
    source(
        "cinder",
        "Cinder (a Persistent Disk resource in OpenStack)",
        &[("VolumeID:", "volumeID", Text), FS_TYPE, READ_ONLY, SECRET_REF],
    ),
    source(
        "photonPersistentDisk",
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        &[("PdID:", "pdID", Text), FS_TYPE],
    ),
    source("portworxVolume", "PortworxVolume (a Portworx Volume resource)", &[("VolumeID:", "volumeID", Text)]),
    source(
        "cephfs",
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        &[
            ("Monitors:", "monitors", List),
            ("Path:", "path", Text),
            ("User:", "user", Text),
            ("SecretFile:", "secretFile", Text),
            SECRET_REF,
            READ_ONLY,
        ],
    ),
    source(
        "storageos",
        "StorageOS (a StorageOS Persistent Disk resource)",
        &[("VolumeName:", "volumeName", Text), ("VolumeNamespace:", "volumeNamespace", Text), FS_TYPE, READ_ONLY],
    ),
    source("fc", "FC (a Fibre Channel disk)", &[("TargetWWNs:", "targetWWNs", Joined), ("LUN:", "lun", Or("<none>")), FS_TYPE, READ_ONLY]),
    source(
        "flexVolume",
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        &[("Driver:", "driver", Text), FS_TYPE, SECRET_REF, READ_ONLY, ("Options:", "options", Map)],
    ),
    source(
        "flocker",
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        &[("DatasetName:", "datasetName", Text), ("DatasetUUID:", "datasetUUID", Text)],
    ),
    source("local", "LocalVolume (a persistent volume backed by local storage on a node)", &[("Path:", "path", Text)]),
    source("image", "Image (a container image or OCI artifact)", &[("Reference:", "reference", Text), ("PullPolicy:", "pullPolicy", Text)]),
];

/// Sources that have other fields in a pod.
static OF_PODS: &[Source] = &[
    source(
        "glusterfs",
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        &[("EndpointsName:", "endpoints", Text), ("Path:", "path", Text), READ_ONLY],
    ),
    source(
        "scaleIO",
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        &[
            ("Gateway:", "gateway", Text),
            ("System:", "system", Text),
            ("Protection Domain:", "protectionDomain", Text),
            ("Storage Pool:", "storagePool", Text),
            ("Storage Mode:", "storageMode", Text),
            ("VolumeName:", "volumeName", Text),
            FS_TYPE,
            READ_ONLY,
        ],
    ),
    source(
        "azureFile",
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[("SecretName:", "secretName", Text), ("ShareName:", "shareName", Text), READ_ONLY],
    ),
    source("csi", CSI, &[("Driver:", "driver", Text), FS_TYPE, READ_ONLY]),
];

/// Sources that have other fields in a persistent volume.
static OF_PERSISTENT_VOLUMES: &[Source] = &[
    source(
        "glusterfs",
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        &[
            ("EndpointsName:", "endpoints", Text),
            ("EndpointsNamespace:", "endpointsNamespace", Or("<unset>")),
            ("Path:", "path", Text),
            READ_ONLY,
        ],
    ),
    source(
        "scaleIO",
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        &[
            ("Gateway:", "gateway", Text),
            ("System:", "system", Text),
            ("Protection Domain:", "protectionDomain", Text),
            ("Storage Pool:", "storagePool", Text),
            ("Storage Mode:", "storageMode", Text),
            ("VolumeName:", "volumeName", Text),
            ("SecretName:", "secretRef.name", Text),
            ("SecretNamespace:", "secretRef.namespace", Text),
            FS_TYPE,
            READ_ONLY,
        ],
    ),
    source(
        "azureFile",
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[("SecretName:", "secretName", Text), ("SecretNamespace:", "secretNamespace", Text), ("ShareName:", "shareName", Text), READ_ONLY],
    ),
    source("csi", CSI, &[("Driver:", "driver", Text), FS_TYPE, ("VolumeHandle:", "volumeHandle", Text), READ_ONLY]),
];

const CSI: &str = "CSI (a Container Storage Interface (CSI) volume source)";

/// `Volumes:` of a pod or a template. `space` is the indent of a template's titles.
pub(super) fn volumes(w: &mut Writer, spec: &Value, space: &str) {
    let volumes = spec.list("volumes");
    if volumes.is_empty() {
        line!(w, 0, "{space}Volumes:\t<none>");
        return;
    }
    line!(w, 0, "{space}Volumes:");
    let name_indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        line!(w, 1, "{name_indent}{}:", volume.text("name"));
        if volume.has("emptyDir") {
            empty_dir(w, volume.at("emptyDir"));
        } else if volume.has("projected") {
            projected(w, volume.at("projected"));
        } else if volume.has("downwardAPI") {
            downward(w, volume.at("downwardAPI"));
        } else if volume.has("ephemeral") {
            line!(w, 2, "Type:\tEphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)");
            if volume.has("ephemeral.volumeClaimTemplate") {
                w.nest(2, |w| storage::claim(w, volume.at("ephemeral.volumeClaimTemplate"), None));
            }
        } else {
            from_table(w, volume, OF_PODS);
        }
    }
}

/// The source of a persistent volume's spec.
pub(super) fn persistent(w: &mut Writer, spec: &Value) {
    from_table(w, spec, OF_PERSISTENT_VOLUMES);
}

fn from_table(w: &mut Writer, volume: &Value, others: &[Source]) {
    let Some(source) = SOURCES.iter().chain(others).find(|source| volume.has(source.field)) else {
        line!(w, 1, "<unknown>");
        return;
    };
    let value = volume.at(source.field);
    line!(w, 2, "Type:\t{}", source.about);
    for (title, path, show) in source.fields {
        let text = match show {
            Text => value.text(path).to_owned(),
            Int => value.int(path).to_string(),
            Flag => value.flag(path).to_string(),
            List => format!("[{}]", value.texts(path).join(" ")),
            Map if !value.has(path) => "map[]".to_owned(),
            Map => verb_v(value.at(path)),
            Joined => value.texts(path).join(", "),
            Or(otherwise) => value.scalar(path).unwrap_or_else(|| (*otherwise).to_owned()),
            Secret => secret_reference(value.at(path), !std::ptr::eq(others, OF_PODS)),
        };
        line!(w, 2, "{title}\t{text}");
    }
    if source.field == "csi" {
        attributes(w, &value.pairs("volumeAttributes"));
    }
}

/// The text form of `LocalObjectReference` and, in persistent volumes, of `SecretReference`.
fn secret_reference(value: &Value, with_namespace: bool) -> String {
    if value.is_null() {
        "nil".to_owned()
    } else if with_namespace {
        format!("&SecretReference{{Name:{},Namespace:{},}}", value.text("name"), value.text("namespace"))
    } else {
        format!("&LocalObjectReference{{Name:{},}}", value.text("name"))
    }
}

fn empty_dir(w: &mut Writer, source: &Value) {
    line!(w, 2, "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)");
    line!(w, 2, "Medium:\t{}", source.text("medium"));
    let limit = source.text("sizeLimit");
    line!(w, 2, "SizeLimit:\t{}", if Quantity::parse(limit).sign() > 0 { limit } else { "<unset>" });
}

fn projected(w: &mut Writer, projected: &Value) {
    line!(w, 2, "Type:\tProjected (a volume that contains injected data from multiple sources)");
    for source in projected.list("sources") {
        if source.has("secret") {
            line!(w, 2, "SecretName:\t{}", source.text("secret.name"));
            line!(w, 2, "Optional:\t{}", source.flag("secret.optional"));
        } else if source.has("downwardAPI") {
            line!(w, 2, "DownwardAPI:\ttrue");
        } else if source.has("configMap") {
            line!(w, 2, "ConfigMapName:\t{}", source.text("configMap.name"));
            line!(w, 2, "Optional:\t{}", source.flag("configMap.optional"));
        } else if source.has("serviceAccountToken") {
            line!(w, 2, "TokenExpirationSeconds:\t{}", source.int("serviceAccountToken.expirationSeconds"));
        }
    }
}

fn downward(w: &mut Writer, source: &Value) {
    line!(w, 2, "Type:\tDownwardAPI (a volume populated by information about the pod)\n    Items:");
    for item in source.list("items") {
        for path in ["fieldRef.fieldPath", "resourceFieldRef.resource"] {
            if item.has(path) {
                line!(w, 3, "{} -> {}", item.text(path), item.text("path"));
            }
        }
    }
}

/// `VolumeAttributes:` of a CSI volume, with kubectl's own indents.
fn attributes(w: &mut Writer, attributes: &[(&str, &str)]) {
    part!(w, 2, "VolumeAttributes:\t");
    if attributes.is_empty() {
        w.line_end("<none>");
    }
    for (at, (key, value)) in attributes.iter().enumerate() {
        if at > 0 {
            part!(w, 2, "");
            part!(w, 2, "\t");
        }
        line!(w, 2, "{}", shorten(&format!("{key}={value}"), MAX_ANNOTATION));
    }
}
