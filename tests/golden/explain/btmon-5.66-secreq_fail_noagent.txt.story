btmon-5.66-secreq_fail_noagent.txt: btmon's text

Pairing 1 with 28:5F:DB:11:22:33: failed: the host refused with Pairing Not Supported (0x05).

      0.420574  #62      cuff  Security Request               0b 01
                    Bonding, No MITM, Legacy
      0.420863  #38      ----  the kernel reports: pairing failed (MGMT status 0x05)
      0.420951  #63      host  Pairing Failed                 05 05
                    Pairing Not Supported (0x05)

  What happened
  The cuff asked for security (0x01: Bonding, No MITM, Legacy).
  The host refused with Pairing Not Supported (0x05), less than 1 ms after the
  Security Request.
  The host does not take part in pairing at the moment: on Linux the kernel
  answers so by itself when no agent is registered or the adapter is not
  pairable. The cuff has refused nothing.

  Why, the likeliest first
  1. No agent was registered on the host, so nobody could agree to the pairing
     (no_agent).
     For: The host sent Pairing Failed 0x05 (Pairing Not Supported), less than
       1 ms after the Security Request. So does a Linux host without an agent.
       No agent was seen to register in this capture.
     Do: Pair with this gateway, which brings its own agent; or in
       bluetoothctl enter `agent NoInputNoOutput` and `default-agent`, and
       stay in it until the cuff is paired: the agent goes when you leave.
     To tell: `bluetoothctl show` says "Pairable: yes" before the next
       attempt, and in another capture the Pairing Request asks for bonding
       (AuthReq 0x01 or 0x09).
  2. The host's adapter is not pairable, so its kernel makes no bond
     (not_pairable).
     For: The host sent Pairing Failed 0x05 (Pairing Not Supported), less than
       1 ms after the Security Request. So does a Linux host that is not
       pairable.
     Do: Enter `bluetoothctl pairable on`. If a pairing without keys is left,
       `bluetoothctl remove ADDRESS` takes it away. Then pair again while P
       blinks.
     To tell: `bluetoothctl show` says "Pairable: yes", and the next Pairing
       Request asks for bonding (AuthReq 0x01 or 0x09).

Pairing 2 with 28:5F:DB:11:22:33: failed: the cuff refused with Unspecified Reason (0x08).

      0.603230  #68      host  Pairing Request                01 03 00 08 10 00 02
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    No Bonding, No MITM, SC
                    initiator keys: none
                    responder keys: IdKey
      0.604533  #70      cuff  Pairing Failed                 05 08
                    Unspecified Reason (0x08)
      0.605060  #47      ----  the kernel reports: pairing failed (MGMT status 0x05)
      0.605884  #73      ----  disconnected: Connection Terminated By Local Host (0x16)

  What happened
  The host began; the cuff had not asked for it.
  The host's Pairing Request: NoInputNoOutput; No Bonding, No MITM, SC; keys
  up to 16 bytes. It would hand out: none. It wants from the cuff: IdKey.
  The cuff never said what it offers, so no method was agreed.
  The cuff refused with Unspecified Reason (0x08), 1 ms after the Pairing
  Request.
  The specification gives this reason no meaning: it says "no" and nothing
  about why. Only when it was said, and in answer to what, tells something.
  Then the connection ended: Connection Terminated By Local Host (0x16).

  Why, the likeliest first
  1. No agent was registered on the host, so nobody could agree to the pairing
     (no_agent).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
       So does a Linux host without an agent. 1 attempt before it in this
       capture failed too, the last 182 ms before. No agent was seen to
       register in this capture.
     Do: Pair with this gateway, which brings its own agent; or in
       bluetoothctl enter `agent NoInputNoOutput` and `default-agent`, and
       stay in it until the cuff is paired: the agent goes when you leave.
     To tell: `bluetoothctl show` says "Pairable: yes" before the next
       attempt, and in another capture the Pairing Request asks for bonding
       (AuthReq 0x01 or 0x09).
  2. The host's adapter is not pairable, so its kernel makes no bond
     (not_pairable).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
       So does a Linux host that is not pairable. 1 attempt before it in this
       capture failed too, the last 182 ms before.
     Do: Enter `bluetoothctl pairable on`. If a pairing without keys is left,
       `bluetoothctl remove ADDRESS` takes it away. Then pair again while P
       blinks.
     To tell: `bluetoothctl show` says "Pairable: yes", and the next Pairing
       Request asks for bonding (AuthReq 0x01 or 0x09).
  3. The host asked for a pairing without bonding, which leaves no keys
     (no_bonding_asked).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
     Do: Enter `bluetoothctl pairable on` with an agent registered, remove
       what is left with `bluetoothctl remove ADDRESS`, and pair again while P
       blinks.
     To tell: In another capture the AuthReq of the Pairing Request is 0x01 or
       0x09, and afterwards `bluetoothctl info ADDRESS` says "Bonded: yes".
  4. The cuff was not in pairing mode: no P blinked on its display
     (not_in_pairing_mode).
     For: The cuff sent Pairing Failed 0x08 (Unspecified Reason), 1 ms after
       the Pairing Request. That is the first step: nothing had been compared
       yet.
     Do: Open the pairing window first, then hold the cuff's Bluetooth button
       (2 to 5 seconds) until P blinks, and let the pairing begin at once: the
       P goes out after about a minute.
     To tell: The P blinks when the next attempt begins, and the cuff answers
       with a Pairing Response.
  5. The cuff is bonded with a phone or another host, and keeps one bond only
     (bonded_elsewhere).
     For: The cuff took no new host; these cuffs keep one bond.
     Do: Remove the cuff from the phone's Bluetooth list and from the OMRON
       app, and switch the phone's Bluetooth off. Then hold the cuff's
       Bluetooth button until P blinks. If it still refuses, take its
       batteries out, put them back, and try once more.
     To tell: With every phone's Bluetooth off, the cuff answers the next
       attempt with a Pairing Response.
  6. The cuff refused this one attempt, and may take the next
     (passing_refusal).
     For: A BP5465 was seen to refuse a phone's first try and to take the
       next, about 7 s later.
     Against: That was 0x04 or a hang-up; with 0x08 it has not been seen. 1
       attempt before it in this capture failed too, the last 182 ms before.
     Do: Try again after 5 seconds, while P still blinks; hold the button
       again when it has gone out. Three tries are enough to know.
     To tell: Another attempt within the same minute, with nothing changed,
       gets further.

  Ruled out by these bytes
  - The host asks for protection against a man in the middle (MITM), which a
    cuff that says NoInputNoOutput cannot give (mitm_asked): The request (03
    00 08 10 00 02) asks for no MITM protection (AuthReq 0x08).

