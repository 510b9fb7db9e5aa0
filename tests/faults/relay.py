"""The way from the service to the bus: cut, it is to the service what the end of the bus daemon is; but the virtual
cuff, whose memory is the truth of a run, lives on. (bluetoothd leaves with the bus: that is told to the cuff's program.)"""

import os
import socket
import threading


class Relay:
    def __init__(self, path, target):
        self.path, self.target, self.server = path, target, None
        self.pairs, self.lock = set(), threading.Lock()
        self.up()

    @property
    def address(self):
        return 'unix:path=' + self.path

    def up(self):
        if self.server:
            return
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen()
        threading.Thread(target=self._accept, args=(self.server,), daemon=True).start()

    def down(self):
        server, self.server = self.server, None
        if server:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            os.unlink(self.path)
        with self.lock:
            for one in self.pairs:
                self._shut(one)

    @staticmethod
    def _shut(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _accept(self, server):
        while True:
            try:
                client, _ = server.accept()
                bus = socket.socket(socket.AF_UNIX)
                bus.connect(self.target)
            except OSError:
                return
            with self.lock:
                self.pairs |= {client, bus}
            for a, b in ((client, bus), (bus, client)):
                threading.Thread(target=self._copy, args=(a, b), daemon=True).start()

    def _copy(self, a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        self._shut(a)
        self._shut(b)
        with self.lock:
            self.pairs.discard(a)
