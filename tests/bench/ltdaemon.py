# SPDX-License-Identifier: ISC
"""
ltdaemon.py address:port directory session [high_performance_seed]

libtorrent as a daemon: obeys a command a line on standard input, its words
parted by tabs, and answers each with a line; says "done" whenever a torrent
has become complete.  Keeps its torrents in the directory session.
"""

import os
import select
import sys

import libtorrent as lt

SETTINGS = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "enable_outgoing_utp": False,
    "enable_incoming_utp": False, "in_enc_policy": 2, "out_enc_policy": 2,
    "unchoke_slots_limit": 500, "connections_limit": 4000,
    "active_limit": -1, "active_seeds": -1, "ssrf_mitigation": False,
    "listen_queue_size": 100, "alert_mask":
        lt.alert.category_t.status_notification |
        lt.alert.category_t.storage_notification,
}


class Daemon:
    def __init__(self, listen, root, session, *presets):
        self.root = root
        self.dir = session
        settings = dict(SETTINGS, listen_interfaces=listen,
            outgoing_interfaces=listen.rsplit(":", 1)[0])
        for preset in presets:
            settings = {**getattr(lt, preset)(), **settings}
        self.session = lt.session(settings)
        self.handles = []
        for name in os.listdir(session):
            with open(os.path.join(session, name), "rb") as f:
                self.adopt(lt.read_resume_data(f.read()))

    def adopt(self, params):
        params.flags &= ~lt.torrent_flags.auto_managed
        params.flags &= ~lt.torrent_flags.paused
        self.handles.append(self.session.add_torrent(params))

    def add(self, path, role):
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(path)
        params.save_path = self.root
        if role == "seed":
            params.flags |= lt.torrent_flags.seed_mode
        self.adopt(params)

    def check(self):
        for handle in self.handles:
            handle.force_recheck()

    def seeding(self):
        return sum(handle.status().is_seeding for handle in self.handles)

    def save(self):
        """Write down all, for the next start."""
        for handle in self.handles:
            handle.save_resume_data(lt.save_resume_flags_t.save_info_dict)
        left = len(self.handles)
        while left > 0:
            self.session.wait_for_alert(1000)
            for alert in self.session.pop_alerts():
                left -= isinstance(alert, (lt.save_resume_data_alert,
                    lt.save_resume_data_failed_alert))
                if isinstance(alert, lt.save_resume_data_alert):
                    self.write(alert.params)

    def write(self, params):
        path = os.path.join(self.dir, str(params.info_hashes.v1))
        with open(path, "wb") as f:
            f.write(lt.write_resume_data_buf(params))

    def ping(self):
        pass

    def tell(self):
        for alert in self.session.pop_alerts():
            if isinstance(alert, (lt.torrent_finished_alert,
                lt.torrent_checked_alert)) and \
                alert.handle.status().is_seeding:
                print("done", flush=True)

    def serve(self):
        told, tell = os.pipe()
        os.set_blocking(tell, False)
        self.session.set_alert_fd(tell)
        while True:
            ready, _, _ = select.select([0, told], [], [])
            if told in ready:
                os.read(told, 4096)
                self.tell()
            if 0 in ready:
                self.obey(os.read(0, 65536).decode())

    def obey(self, text):
        if not text:
            sys.exit(0)
        for line in text.splitlines():
            command, *words = line.split("\t")
            print(getattr(self, command)(*words), flush=True)


Daemon(*sys.argv[1:]).serve()
