# The NAT laboratory: a client behind a router, and a server on the other side, in
# network namespaces of this run's own. Sourced, not run; needs root. Nothing in it
# reaches the machine's own network.
#
#   cl 10.77.1.2 ------- 10.77.1.1 nat 203.0.113.2 ------- bridge wan ---+--- 203.0.113.10 srv
#      2001:db8:1::2     2001:db8:1::1 2001:db8:2::2                     +--- 203.0.113.20 peer
#                                                     (the same ends in 2001:db8:2::)
# shellcheck shell=bash

LAB_SERVER=203.0.113.10
LAB_SERVER6=2001:db8:2::10
LAB_PEER=203.0.113.20
# Name of the server, which stands for its first address. Firefox uses no relay over TLS without a
# name.
LAB_NAME=fmz.test
# Names carry the process id, so that two runs do not meet.
LAB=fmz-lab-$$

lab_in() {
  local place=$1
  shift
  ip netns exec "$LAB-$place" "$@"
}

# lab_up ROW: builds the network with the router of that row.
lab_up() {
  local place
  for place in cl nat wan srv peer; do
    ip netns add "$LAB-$place"
    ip -n "$LAB-$place" link set lo up
    lab_names "$place"
  done
  ip -n "$LAB-wan" link add br0 type bridge
  ip -n "$LAB-wan" link set br0 up
  lab_wire nat wan0 203.0.113.2 2001:db8:2::2
  lab_wire srv eth0 "$LAB_SERVER" "$LAB_SERVER6"
  lab_wire peer eth0 "$LAB_PEER" 2001:db8:2::20
  lab_home "$1"
  lab_router "$1"
}

# lab_down: removes the network; programs inside must be ended before.
lab_down() {
  local place
  for place in cl nat wan srv peer; do
    ip netns del "$LAB-$place" 2>/dev/null || true
    rm -rf "/etc/netns/$LAB-$place"
  done
  rmdir /etc/netns 2>/dev/null || true
}

# lab_names PLACE: writes that place's /etc/hosts, and names a name server that refuses at once, so
# that nobody waits for one that cannot be reached.
lab_names() {
  mkdir -p "/etc/netns/$LAB-$1"
  echo "nameserver 127.0.0.1" >"/etc/netns/$LAB-$1/resolv.conf"
  printf '%s\n' "127.0.0.1 localhost" "$LAB_SERVER $LAB_NAME" >"/etc/netns/$LAB-$1/hosts"
}

# lab_wire PLACE INTERFACE ADDRESS ADDRESS6: connects a place to the bridge.
lab_wire() {
  ip link add "$2" netns "$LAB-$1" type veth peer name "p-$1" netns "$LAB-wan"
  ip -n "$LAB-wan" link set "p-$1" master br0 up
  ip -n "$LAB-$1" addr add "$3/24" dev "$2"
  ip -n "$LAB-$1" addr add "$4/64" dev "$2" nodad
  ip -n "$LAB-$1" link set "$2" up
  [[ $1 == nat ]] || ip -n "$LAB-$1" route add 2001:db8:1::/64 via 2001:db8:2::2
}

# lab_home ROW: makes the client's own network behind the router.
lab_home() {
  ip link add eth0 netns "$LAB-cl" type veth peer name lan0 netns "$LAB-nat"
  ip -n "$LAB-cl" link set eth0 up
  ip -n "$LAB-nat" link set lan0 up
  if [[ $1 == ipv6-only ]]; then
    ip -n "$LAB-cl" addr add 2001:db8:1::2/64 dev eth0 nodad
    ip -n "$LAB-nat" addr add 2001:db8:1::1/64 dev lan0 nodad
    ip -n "$LAB-cl" route add default via 2001:db8:1::1
    lab_in nat sysctl -qw net.ipv6.conf.all.forwarding=1
  else
    ip -n "$LAB-cl" addr add 10.77.1.2/24 dev eth0
    ip -n "$LAB-nat" addr add 10.77.1.1/24 dev lan0
    ip -n "$LAB-cl" route add default via 10.77.1.1
    lab_in nat sysctl -qw net.ipv4.ip_forward=1
  fi
}

# lab_router ROW: sets the router's translation and filters. Only answers to requests from inside
# come in.
lab_router() {
  local mapping=(masquerade)
  [[ $1 == endpoint-independent ]] || mapping+=(fully-random)
  lab_rule add table ip nat
  lab_rule add chain ip nat out '{ type nat hook postrouting priority 100; }'
  lab_rule add rule ip nat out oifname wan0 "${mapping[@]}"
  lab_rule add table inet wall
  lab_rule add chain inet wall through '{ type filter hook forward priority 0; }'
  lab_rule add rule inet wall through iifname wan0 ct state new drop
  case $1 in
    udp-blocked) lab_rule add rule inet wall through meta l4proto udp drop ;;
    tcp-443)
      lab_rule add rule inet wall through iifname lan0 tcp dport 443 accept
      lab_rule add rule inet wall through iifname lan0 drop
      ;;
  esac
}

lab_rule() {
  lab_in nat nft "$@"
}
