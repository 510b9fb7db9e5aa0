bondlost.btsnoop: btsnoop (Linux monitor)

Pairing 1 with 28:5F:DB:11:22:33: bonded: keys were exchanged and can be used again.

      6.479787  #436     host  Pairing Request                01 03 00 09 10 05 07
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, SC
                    initiator keys: EncKey, Sign
                    responder keys: EncKey, IdKey, Sign
      6.488746  #438     cuff  Pairing Response               02 03 00 01 10 00 01
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: none
                    responder keys: EncKey
      6.489777  #439     ----  the kernel asks whether to go on
      6.552159  #459     ----  bluetoothd or the agent says yes
      6.555439  #461     host  Pairing Confirm                03 .. (16 bytes, hidden)
      6.567312  #464     cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      6.567764  #465     host  Pairing Random                 04 .. (16 bytes, hidden)
      6.597430  #469     cuff  Pairing Random                 04 .. (16 bytes, hidden)
      6.597891  #470     ----  encrypt the link
      6.634010  #476     ----  the link is encrypted
      6.661024  #489     cuff  Encryption Information         06 .. (16 bytes, hidden)
      6.661622  #490     cuff  Central Identification         07 14 02 c0 10 dc 84 5e 9f bd dc

  What happened
  A program on the host asked for this pairing.
  The host's Pairing Request: NoInputNoOutput; Bonding, No MITM, SC; keys up
  to 16 bytes. It would hand out: EncKey, Sign. It wants from the cuff:
  EncKey, IdKey, Sign.
  The cuff's Pairing Response: NoInputNoOutput; Bonding, No MITM, Legacy; keys
  up to 16 bytes. It takes from the host: none. It hands out: EncKey.
  Together that gives LE legacy pairing with Just Works: an unauthenticated
  key of 16 bytes, to be kept (bonding). Keys to be sent by the host: none; by
  the cuff: EncKey.
  The host was asked (bluetoothd or an agent), and agreed.
  It ended: bonded: keys were exchanged and can be used again.

Pairing 2 with 28:5F:DB:11:22:33: the cuff refused the stored key: PIN or Key Missing (0x06).

      7.938134  #593     ----  encrypt the link with a key from before
      7.940567  #595     ----  encryption failed: PIN or Key Missing (0x06)
      7.943608  #598     ----  disconnected: Connection Terminated By Local Host (0x16)

  What happened
  It ended: the cuff refused the stored key: PIN or Key Missing (0x06).
  Then the connection ended: Connection Terminated By Local Host (0x16).

  Why, the likeliest first
  1. The cuff no longer has the key of its bond with this host (bond_lost).
     For: The host had a key for this cuff, and encryption with it was
       refused: 0x06 (PIN or Key Missing).
     Do: Enter `bluetoothctl remove ADDRESS`, then hold the cuff's Bluetooth
       button until P blinks and pair it again; this gateway's pairing window
       does the first by itself.
     To tell: The connections after that are encrypted with the stored key. If
       not for long, look for the phone or program that pairs with the cuff in
       between.
  2. The cuff is bonded with a phone or another host, and keeps one bond only
     (bonded_elsewhere).
     For: These cuffs keep one bond: pairing with a phone since then ends this
       host's.
     Against: This host bonded with it earlier in this capture.
     Do: Remove the cuff from the phone's Bluetooth list and from the OMRON
       app, and switch the phone's Bluetooth off. Then hold the cuff's
       Bluetooth button until P blinks. If it still refuses, take its
       batteries out, put them back, and try once more.
     To tell: With every phone's Bluetooth off, the cuff answers the next
       attempt with a Pairing Response.

Pairing 3 with 28:5F:DB:11:22:33: the cuff refused the stored key: PIN or Key Missing (0x06).

      8.082036  #630     ----  encrypt the link with a key from before
      8.084914  #632     ----  encryption failed: PIN or Key Missing (0x06)
      8.086016  #635     ----  disconnected: Connection Terminated By Local Host (0x16)

  What happened
  It ended: the cuff refused the stored key: PIN or Key Missing (0x06).
  Then the connection ended: Connection Terminated By Local Host (0x16).

  Why, the likeliest first
  1. The cuff no longer has the key of its bond with this host (bond_lost).
     For: The host had a key for this cuff, and encryption with it was
       refused: 0x06 (PIN or Key Missing).
     Do: Enter `bluetoothctl remove ADDRESS`, then hold the cuff's Bluetooth
       button until P blinks and pair it again; this gateway's pairing window
       does the first by itself.
     To tell: The connections after that are encrypted with the stored key. If
       not for long, look for the phone or program that pairs with the cuff in
       between.
  2. The cuff is bonded with a phone or another host, and keeps one bond only
     (bonded_elsewhere).
     For: These cuffs keep one bond: pairing with a phone since then ends this
       host's.
     Against: This host bonded with it earlier in this capture.
     Do: Remove the cuff from the phone's Bluetooth list and from the OMRON
       app, and switch the phone's Bluetooth off. Then hold the cuff's
       Bluetooth button until P blinks. If it still refuses, take its
       batteries out, put them back, and try once more.
     To tell: With every phone's Bluetooth off, the cuff answers the next
       attempt with a Pairing Response.

