# SPDX-License-Identifier: ISC
"""
ltclient.py torrent directory address:port seed|leech [setting=value ...]

A libtorrent client with one torrent; says how it goes, a JSON object a line.
The setting preset=high_performance_seed is libtorrent's own set of settings;
up and down limit the torrent (libtorrent's own rate limits spare its network).
log=FILE writes down each message of each peer; super=True is super seeding.
nodes=ADDRESS/PORT,... turns the DHT on, with these to start from.
"""

import json
import sys
import time

import libtorrent as lt

SETTINGS = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "enable_outgoing_utp": False,
    "enable_incoming_utp": False, "in_enc_policy": 2, "out_enc_policy": 2,
    "min_reconnect_time": 1, "max_failcount": 100, "unchoke_slots_limit": 50,
    "announce_to_all_trackers": True, "announce_to_all_tiers": True,
    "ssrf_mitigation": False, "listen_queue_size": 100,
    "alert_mask": lt.alert.category_t.status_notification |
        lt.alert.category_t.storage_notification,
}


# In the tests' network all are neighbours.
DHT_SETTINGS = {
    "enable_dht": True, "dht_bootstrap_nodes": "",
    "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
    "dht_upload_rate_limit": 100000, "dht_block_ratelimit": 1000,
}
ANNOUNCE_S = 2			# it would wait a quarter of an hour


def value_of(text):
    if text in ("True", "False"):
        return text == "True"
    return int(text) if text.lstrip("-").isdigit() else text


class Log:
    """What libtorrent says of its peers, a line each."""

    def __init__(self, path):
        self.file = open(path, "w", buffering=1) if path else None

    def add(self, alerts):
        for alert in alerts if self.file else ():
            if isinstance(alert, lt.peer_log_alert):
                self.file.write(alert.message() + "\n")


class Cache:
    """It has all pieces before the last of them are in their files."""

    def __init__(self, handle):
        self.handle = handle
        self.asked = self.empty = False

    def look(self, seeding, alerts):
        if seeding and not self.asked:
            self.handle.flush_cache()
            self.asked = True
        if any(isinstance(a, lt.cache_flushed_alert) for a in alerts):
            self.empty = self.asked


class Dht:
    """The nodes that it starts from, and its announces."""

    def __init__(self, session, nodes):
        self.due = time.monotonic() + 0.5 if nodes else None
        for node in nodes.split(",") if nodes else ():
            addr, port = node.rsplit("/", 1)
            session.add_dht_node((addr, int(port)))

    def announce(self, handle):
        if self.due is not None and time.monotonic() >= self.due:
            handle.force_dht_announce()
            self.due = time.monotonic() + ANNOUNCE_S


class Table:
    """The nodes of the DHT that it has, counted each second."""

    def __init__(self, session):
        self.session = session
        self.nodes = 0
        self.due = 0

    def look(self, alerts):
        for alert in alerts:
            if isinstance(alert, lt.session_stats_alert):
                self.nodes = alert.values["dht.dht_nodes"]
        if time.monotonic() >= self.due:
            self.session.post_session_stats()
            self.due = time.monotonic() + 1


def main():
    path, root, listen, role, *settings = sys.argv[1:]
    conf = dict(SETTINGS, listen_interfaces=listen)
    if "preset=high_performance_seed" in settings:
        settings.remove("preset=high_performance_seed")
        conf = dict(lt.high_performance_seed(), **conf)
    conf["outgoing_interfaces"] = listen.rsplit(":", 1)[0]
    limits = {"up": 0, "down": 0, "log": None, "super": False, "nodes": ""}
    for setting in settings:
        key, value = setting.split("=", 1)
        (limits if key in limits else conf)[key] = value_of(value)
    log = Log(limits["log"])
    if limits["log"]:
        conf["alert_mask"] |= lt.alert.category_t.peer_log_notification
    if limits["nodes"]:
        conf.update(DHT_SETTINGS)
    session = lt.session(conf)
    dht = Dht(session, limits["nodes"])
    table = Table(session)
    if path.startswith("magnet:"):
        add = lt.parse_magnet_uri(path)
    else:
        add = lt.add_torrent_params()
        add.ti = lt.torrent_info(path)
    add.save_path = root
    if role == "seed":
        add.flags |= lt.torrent_flags.seed_mode
    if limits["super"]:
        add.flags |= lt.torrent_flags.super_seeding
    add.flags &= ~lt.torrent_flags.auto_managed
    add.flags &= ~lt.torrent_flags.paused
    handle = session.add_torrent(add)
    handle.set_upload_limit(limits["up"])
    handle.set_download_limit(limits["down"])
    cache = Cache(handle)
    alerts = []
    while True:
        s = handle.status()
        cache.look(s.is_seeding, alerts)
        print(json.dumps({
            "progress": 1 if s.is_seeding and cache.empty
            else min(s.progress, 0.999),
            "time": time.monotonic(),
            "uploaded": s.total_payload_upload,
            "downloaded": s.total_payload_download,
            "peers": s.num_peers,
            "nodes": table.nodes,
            "addrs": [list(p.ip) for p in handle.get_peer_info()],
            "error": s.errc.message() if s.errc.value()
            else None}), flush=True)
        # An alert tells of a change at once, of completion above all.
        session.wait_for_alert(100)
        alerts = session.pop_alerts()
        log.add(alerts)
        if conf["enable_dht"]:
            table.look(alerts)
        dht.announce(handle)


main()
