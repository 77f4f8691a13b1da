# Settings and names that the scripts of this folder share. KubeCluster (../kubeCluster.ts) sets what is required.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=${ALOFT_CLUSTER:?}               # prefix of its namespaces, links and cgroups: clusters of different names run side by side
state=${ALOFT_CLUSTER_STATE:?}        # everything that it writes; down.sh removes it
kubernetes=${ALOFT_CLUSTER_KUBERNETES:?}  # folder of kube-apiserver, kubelet and the others
etcd=${ALOFT_CLUSTER_ETCD:?}
images=${ALOFT_CLUSTER_IMAGES:?}      # archives that every node imports at its first start
nodes=${ALOFT_CLUSTER_NODES:-n1 n2 n3}

fabric=$name-fabric                   # network namespace of the switch and of the control plane
client=$name-client                   # of a host outside the cluster
bridge=br0
api_address=172.30.0.1
api=https://$api_address:6443
service_ranges=10.96.0.0/16,fd00:96::/112
pod_ranges=10.244.0.0/16,fd00:244::/48
pki=$state/pki
controllers="cpu cpuacct cpuset memory devices freezer blkio pids systemd"  # cgroup v1; the kubelet wants the named hierarchy too

# Of node n<k>: <k> is in all its addresses.
netns_of()    { echo "$name-$1"; }
folder_of()   { echo "$state/nodes/$1"; }
address_of()  { echo "172.30.0.$((10 + ${1#n}))"; }
address6_of() { echo "fd00:30::$((10 + ${1#n}))"; }
pods_of()     { echo "10.244.${1#n}.0/24"; }
pods6_of()    { echo "fd00:244:0:${1#n}::/64"; }

in_fabric() { nsenter --net="/run/netns/$fabric" -- "$@"; }
kubectl()   { in_fabric "$kubernetes/kubectl" --kubeconfig "$state/admin.kubeconfig" "$@"; }
fail()      { echo "$*" >&2; exit 1; }

# Whether a process lives: one that nobody has waited for does not.
alive() { [ -n "${1:-}" ] && [ -d "/proc/$1" ] && [ "$(awk '/^State/{print $2}' "/proc/$1/status" 2>/dev/null)" != Z ]; }

kubeconfig() { # FILE TOKEN
  cat >"$1" <<Y
apiVersion: v1
kind: Config
clusters: [{name: aloft, cluster: {server: "$api", certificate-authority: $pki/ca.crt}}]
users: [{name: user, user: {token: "$2"}}]
contexts: [{name: aloft, context: {cluster: aloft, user: user}}]
current-context: aloft
Y
}
