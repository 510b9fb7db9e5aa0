btmon-5.66-bondlost.txt: btmon's text

Pairing 1 with 28:5F:DB:11:22:33: the cuff refused the stored key: PIN or Key Missing (0x06).

      0.073052  #94      ----  encrypt the link with a key from before
      0.075485  #96      ----  encryption failed: PIN or Key Missing (0x06)
      0.078526  #99      ----  disconnected: Connection Terminated By Local Host (0x16)

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
     Do: Remove the cuff from the phone's Bluetooth list and from the OMRON
       app, and switch the phone's Bluetooth off. Then hold the cuff's
       Bluetooth button until P blinks. If it still refuses, take its
       batteries out, put them back, and try once more.
     To tell: With every phone's Bluetooth off, the cuff answers the next
       attempt with a Pairing Response.

