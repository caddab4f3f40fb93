//! Which ports an object declares, and which port of its pods is meant: kubectl's rules (`pkg/util/pod_port.go`,
//! `service_port.go`, and the checks of `pkg/cmd/portforward`).

use std::sync::Arc;

use super::Remote;
use crate::model::facts::{Facts, PodFacts, Port, Role, ServiceFacts};

/// A port that an object says it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The port.
    pub port: Port,
    /// The container that declares it; empty for a service and a workload.
    pub container: Arc<str>,
}

impl Declared {
    /// It can be forwarded.
    ///
    /// # Errors
    /// Why not.
    pub fn able(&self) -> Result<(), String> {
        if is_tcp(&self.port) { Ok(()) } else { Err(other_protocol(&spelled(&self.port), &self.port.protocol)) }
    }

    /// As it is asked for: by its name, where it has one.
    pub fn remote(&self) -> Remote {
        if self.port.name.is_empty() { Remote::Number(self.port.number) } else { Remote::Name(self.port.name.clone()) }
    }
}

/// What is meant by a port of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The port of the pods behind it. A name is looked up in each of them.
    pub wanted: Remote,
    /// The number that one would expect on this machine.
    pub same: u16,
}

fn is_tcp(port: &Port) -> bool {
    matches!(&*port.protocol, "TCP" | "")
}

fn other_protocol(port: &str, protocol: &str) -> String {
    format!("port {port} is {protocol}: a port-forward carries TCP only")
}

/// `http 8080`, or its number alone.
fn spelled(port: &Port) -> String {
    if port.name.is_empty() { port.number.to_string() } else { format!("{} {}", port.name, port.number) }
}

/// The ports that an object declares, those that can be forwarded first; of a pod those of `container` alone, where one is
/// named.
pub fn declared(facts: &Facts, container: Option<&str>) -> Vec<Declared> {
    let plain = |ports: &[Port]| ports.iter().map(|port| Declared { port: port.clone(), container: "".into() }).collect();
    let mut all: Vec<Declared> = match facts {
        Facts::Service(service) => plain(&service.ports),
        Facts::Workload(workload) => plain(&workload.ports),
        Facts::Pod(pod) => of_pod(pod)
            .filter(|(name, _)| container.is_none_or(|wanted| *wanted == ***name))
            .map(|(name, port)| Declared { port: port.clone(), container: name.clone() })
            .collect(),
        _ => Vec::new(),
    };
    all.sort_by_key(|declared| !is_tcp(&declared.port));
    all
}

/// The ports of a pod's containers; those of `spec.containers` before those of init containers, as kubectl looks them up.
fn of_pod(pod: &PodFacts) -> impl Iterator<Item = (&Arc<str>, &Port)> + Clone {
    let of = |apps: bool| pod.containers.iter().filter(move |container| (container.spec.role == Role::App) == apps);
    of(true).chain(of(false)).flat_map(|container| container.spec.ports.iter().map(move |port| (&container.spec.name, port)))
}

/// Which port of its pods is meant by a port of an object.
///
/// # Errors
/// It has no such port, or one that is not TCP.
pub fn meant(facts: &Facts, remote: &Remote) -> Result<Meant, String> {
    match facts {
        Facts::Service(service) => of_service(service, remote),
        Facts::Workload(workload) => {
            let same = look_up(workload.ports.iter(), remote)?;
            Ok(Meant { wanted: remote.clone(), same })
        }
        Facts::Pod(pod) => Ok(Meant { wanted: remote.clone(), same: on(pod, remote)? }),
        _ => Err("nothing is known of its ports".into()),
    }
}

/// The number of a port of a pod.
///
/// # Errors
/// It has no port of that name, or one that is not TCP.
pub fn on(pod: &PodFacts, wanted: &Remote) -> Result<u16, String> {
    look_up(of_pod(pod).map(|(_, port)| port), wanted)
}

/// A container's port by name or number. A number need not be declared: what is declared is for people to read.
fn look_up<'a>(ports: impl Iterator<Item = &'a Port> + Clone, wanted: &Remote) -> Result<u16, String> {
    match wanted {
        Remote::Number(number) => {
            let mut same = ports.filter(|port| port.number == *number).peekable();
            // `checkUDPPortInPod`: what is TCP too can be forwarded.
            match same.peek().copied() {
                Some(first) if same.all(|port| !is_tcp(port)) => Err(other_protocol(&number.to_string(), &first.protocol)),
                _ => Ok(*number),
            }
        }
        Remote::Name(name) => {
            let found = ports.clone().find(|port| port.name == *name).ok_or_else(|| missing(name, ports))?;
            if is_tcp(found) { Ok(found.number) } else { Err(other_protocol(name, &found.protocol)) }
        }
    }
}

fn missing<'a>(name: &str, ports: impl Iterator<Item = &'a Port>) -> String {
    let known: Vec<String> = ports.map(spelled).collect();
    if known.is_empty() {
        return format!("no port is named {name:?}: none is declared, name it by its number");
    }
    format!("no port is named {name:?}: there are {}", known.join(", "))
}

/// `translateServicePortToTargetPort`.
fn of_service(service: &ServiceFacts, remote: &Remote) -> Result<Meant, String> {
    if &*service.kind == "ExternalName" {
        return Err("it is of type ExternalName: no pod is behind it".into());
    }
    if service.selector.is_none() {
        return Err("it has no selector: which pods are behind it is not known".into());
    }
    let is = |port: &&Port| match remote {
        Remote::Number(number) => port.number == *number,
        Remote::Name(name) => port.name == *name,
    };
    let named = || service.ports.iter().filter(is);
    let port = named().find(|port| is_tcp(port)).or_else(|| named().next()).ok_or_else(|| {
        let known: Vec<String> = service.ports.iter().map(spelled).collect();
        format!("it has no port {remote}: there are {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") })
    })?;
    if !is_tcp(port) {
        return Err(other_protocol(&spelled(port), &port.protocol));
    }
    let wanted = match &*port.target {
        // Nobody stands between a client and the pods of a headless service, who could go to another port.
        _ if service.headless => Remote::Number(port.number),
        "" | "0" => Remote::Number(port.number),
        target => target.parse().map_or_else(|_| Remote::Name(target.into()), Remote::Number),
    };
    Ok(Meant { wanted, same: port.number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::{Container, ContainerSpec, Selector, State, WorkloadFacts};

    fn port(name: &str, number: u16, protocol: &str, target: &str) -> Port {
        Port { name: name.into(), number, protocol: protocol.into(), target: target.into(), node_port: 0 }
    }

    fn container(name: &str, role: Role, ports: Vec<Port>) -> Container {
        let spec = ContainerSpec { name: name.into(), role, ports: ports.into(), ..ContainerSpec::default() };
        Container { spec: Arc::new(spec), state: State::Unknown, last: None, restarts: 0, ready: true }
    }

    fn pod() -> PodFacts {
        let containers = vec![
            container("proxy", Role::Sidecar, vec![port("admin", 15000, "TCP", ""), port("http", 15001, "TCP", "")]),
            container("app", Role::App, vec![port("dns", 53, "UDP", ""), port("http", 8080, "TCP", ""), port("", 9090, "", "")]),
            container("both", Role::App, vec![port("sip", 5060, "UDP", ""), port("sip-tcp", 5060, "TCP", "")]),
        ];
        PodFacts { containers: containers.into(), ..PodFacts::default() }
    }

    fn named(name: &str) -> Remote {
        Remote::Name(name.into())
    }

    #[test]
    fn a_pods_ports_are_found_by_name_in_its_containers_first() {
        let pod = pod();
        assert_eq!(on(&pod, &named("http")), Ok(8080), "not the sidecar's");
        assert_eq!(on(&pod, &named("admin")), Ok(15000));
        assert_eq!(on(&pod, &Remote::Number(9999)), Ok(9999), "what is not declared may listen all the same");
        assert_eq!(on(&pod, &Remote::Number(5060)), Ok(5060), "it is TCP too");
        assert_eq!(on(&pod, &Remote::Number(53)), Err("port 53 is UDP: a port-forward carries TCP only".into()));
        assert_eq!(on(&pod, &named("dns")), Err("port dns is UDP: a port-forward carries TCP only".into()));
        let why = on(&pod, &named("web")).unwrap_err();
        assert!(why.starts_with("no port is named \"web\": there are dns 53, http 8080, 9090, sip 5060"), "{why}");
        let why = on(&PodFacts::default(), &named("web")).unwrap_err();
        assert!(why.contains("none is declared"), "{why}");
    }

    #[test]
    fn what_is_declared_is_offered_tcp_first_and_by_container() {
        let facts = Facts::Pod(Box::new(pod()));
        let names = |container| {
            let all = declared(&facts, container);
            all.iter().map(|d| format!("{} {}", d.remote(), d.able().is_ok())).collect::<Vec<_>>()
        };
        assert_eq!(names(Some("app")), ["http true", "9090 true", "dns false"]);
        assert_eq!(names(None).len(), 7);
        assert_eq!(names(None).last().map(String::as_str), Some("sip false"));
    }

    fn service(headless: bool) -> ServiceFacts {
        ServiceFacts {
            kind: "ClusterIP".into(),
            headless,
            selector: Some(Arc::new(Selector::default())),
            ports: vec![
                port("dns", 53, "UDP", "53"),
                port("dns-tcp", 53, "TCP", "5353"),
                port("http", 80, "TCP", "web"),
                port("raw", 81, "TCP", ""),
                port("game", 82, "SCTP", "82"),
            ]
            .into(),
            ..ServiceFacts::default()
        }
    }

    #[test]
    fn a_services_port_is_its_target_port() {
        let meant = |facts: ServiceFacts, remote: Remote| meant(&Facts::Service(Box::new(facts)), &remote).map(|m| (m.wanted, m.same));
        assert_eq!(meant(service(false), Remote::Number(80)), Ok((named("web"), 80)));
        assert_eq!(meant(service(false), named("http")), Ok((named("web"), 80)));
        assert_eq!(meant(service(false), Remote::Number(81)), Ok((Remote::Number(81), 81)));
        assert_eq!(meant(service(false), Remote::Number(53)), Ok((Remote::Number(5353), 53)), "the one that is TCP");
        assert_eq!(meant(service(true), named("http")), Ok((Remote::Number(80), 80)), "headless: the target port is not looked at");
        let why = |remote| meant(service(false), remote).unwrap_err();
        assert_eq!(why(named("game")), "port game 82 is SCTP: a port-forward carries TCP only");
        assert_eq!(why(Remote::Number(8080)), "it has no port 8080: there are dns 53, dns-tcp 53, http 80, raw 81, game 82");
        let lone = ServiceFacts { selector: None, ..service(false) };
        assert!(meant(lone, Remote::Number(80)).unwrap_err().contains("no selector"));
        let elsewhere = ServiceFacts { kind: "ExternalName".into(), ..service(false) };
        assert!(meant(elsewhere, Remote::Number(80)).unwrap_err().contains("ExternalName"));
    }

    #[test]
    fn a_workloads_ports_are_those_of_its_template() {
        let facts = WorkloadFacts { ports: vec![port("http", 8080, "TCP", "")].into(), ..WorkloadFacts::default() };
        let facts = Facts::Workload(Box::new(facts));
        assert_eq!(meant(&facts, &named("http")), Ok(Meant { wanted: named("http"), same: 8080 }));
        assert_eq!(meant(&facts, &Remote::Number(7)), Ok(Meant { wanted: Remote::Number(7), same: 7 }));
        assert!(meant(&facts, &named("grpc")).is_err() && meant(&Facts::None, &named("grpc")).is_err());
    }
}
