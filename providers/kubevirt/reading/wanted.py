"""The kinds that an inventory reads, as a table: which versions are known, how many objects a page may have, and what
is missing where a cluster does not serve them."""

from dataclasses import dataclass

CORE = ""


@dataclass(frozen=True)
class Wanted:
    """`part` is what people call it: a gap's name. `size` is of a page: some objects have 300 kB."""

    part: str
    group: str
    versions: tuple[str, ...]  # that we can read, the best first
    plural: str
    without: str = ""  # what it means that a cluster does not serve it; "" for nothing worth a word
    namespaced: bool = False
    size: int = 500
    labelled: str = ""  # only those


NODES = Wanted("nodes", CORE, ("v1",), "nodes", size=50)
NAMESPACES = Wanted("namespaces", CORE, ("v1",), "namespaces")
CLAIMS = Wanted("claims", CORE, ("v1",), "persistentvolumeclaims", namespaced=True)
QUOTAS = Wanted("quotas", CORE, ("v1",), "resourcequotas", namespaced=True)
LIMITS = Wanted("limit ranges", CORE, ("v1",), "limitranges", namespaced=True)
CLASSES = Wanted("storage classes", "storage.k8s.io", ("v1",), "storageclasses")
DRIVERS = Wanted("CSI drivers", "storage.k8s.io", ("v1",), "csidrivers")
CAPACITIES = Wanted("room of classes", "storage.k8s.io", ("v1",), "csistoragecapacities", namespaced=True)
CSI_NODES = Wanted("attach limits", "storage.k8s.io", ("v1",), "csinodes")
SNAPSHOT_CLASSES = Wanted(
    "snapshot classes", "snapshot.storage.k8s.io", ("v1",), "volumesnapshotclasses", "volumes cannot be snapshotted"
)
PROFILES = Wanted("storage profiles", "cdi.kubevirt.io", ("v1beta1",), "storageprofiles",
                  "which access and volume mode a class is best for is not known")  # fmt: skip
CDI = Wanted("CDI", "cdi.kubevirt.io", ("v1beta1",), "cdis")
CDI_CONFIG = Wanted("CDI's configuration", "cdi.kubevirt.io", ("v1beta1",), "cdiconfigs",
                    "the overhead of file systems and the class for scratch space are not known")  # fmt: skip
KUBEVIRT = Wanted("KubeVirt", "kubevirt.io", ("v1",), "kubevirts", "no VM can run there", True)
MACHINES = Wanted("VMs", "kubevirt.io", ("v1",), "virtualmachines", "no VM can run there", True)
INSTANCES = Wanted("running VMs", "kubevirt.io", ("v1",), "virtualmachineinstances", namespaced=True)
HCO = Wanted("HCO", "hco.kubevirt.io", ("v1beta1",), "hyperconvergeds", namespaced=True)
_SIZES = ("instancetype.kubevirt.io", ("v1beta1", "v1"))
CLUSTER_SIZES = Wanted("cluster instancetypes", *_SIZES, "virtualmachineclusterinstancetypes")
SIZES = Wanted("instancetypes", *_SIZES, "virtualmachineinstancetypes", namespaced=True)
CLUSTER_PREFERENCES = Wanted("cluster preferences", *_SIZES, "virtualmachineclusterpreferences")
PREFERENCES = Wanted("preferences", *_SIZES, "virtualmachinepreferences", namespaced=True)
ATTACHMENTS = Wanted("network attachments", "k8s.cni.cncf.io", ("v1",), "network-attachment-definitions",
                     "VMs can have the pod network only", True)  # fmt: skip
USER_NETWORKS = Wanted("user-defined networks", "k8s.ovn.org", ("v1",), "userdefinednetworks", namespaced=True)
CLUSTER_NETWORKS = Wanted("cluster networks", "k8s.ovn.org", ("v1",), "clusteruserdefinednetworks")
NODE_NETWORKS = Wanted("networks of nodes", "nmstate.io", ("v1beta1",), "nodenetworkstates",
                       "bridges of the nodes are not known", size=10)  # fmt: skip
NODE_POLICIES = Wanted("network policies of nodes", "nmstate.io", ("v1", "v1beta1"), "nodenetworkconfigurationpolicies")
MAC_POOL = Wanted("KubeMacPool", "apps", ("v1",), "deployments", namespaced=True, labelled="app=kubemacpool")
OPENSHIFT = Wanted("OpenShift's version", "config.openshift.io", ("v1",), "clusterversions")
CONSTRAINTS = Wanted("SCCs", "security.openshift.io", ("v1",), "securitycontextconstraints")

READ = (
    CSI_NODES, NODES, NODE_NETWORKS, NODE_POLICIES, NAMESPACES, QUOTAS, LIMITS, PROFILES, CLASSES, DRIVERS,
    SNAPSHOT_CLASSES, ATTACHMENTS, USER_NETWORKS, CLUSTER_NETWORKS, KUBEVIRT, CDI, CDI_CONFIG, HCO, CLUSTER_SIZES,
    SIZES, CLUSTER_PREFERENCES, PREFERENCES, MAC_POOL, OPENSHIFT, CLAIMS, INSTANCES, MACHINES,
)  # fmt: skip
"""In this order: what others need to be understood comes first."""
KNOWN = (*READ, CONSTRAINTS, CAPACITIES)
