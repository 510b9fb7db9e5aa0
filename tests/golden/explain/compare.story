secreq_fail_connect.btsnoop: btsnoop (Linux monitor)

Pairing 1 with 28:5F:DB:11:22:33: failed: the cuff refused with Unspecified Reason (0x08).

      7.044573  #472     cuff  Security Request               0b 01
                    Bonding, No MITM, Legacy
      7.045583  #473     host  Pairing Request                01 03 00 01 10 05 07
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: EncKey, Sign
                    responder keys: EncKey, IdKey, Sign
      7.046858  #475     cuff  Pairing Failed                 05 08
                    Unspecified Reason (0x08)
      7.047411  #476     ----  the kernel reports: pairing failed (MGMT status 0x05)
      7.048341  #479     ----  disconnected: Connection Terminated By Local Host (0x16)

  What happened
  The cuff asked for security (0x01: Bonding, No MITM, Legacy).
  The host's Pairing Request: NoInputNoOutput; Bonding, No MITM, Legacy; keys
  up to 16 bytes. It would hand out: EncKey, Sign. It wants from the cuff:
  EncKey, IdKey, Sign.
  The cuff never said what it offers, so no method was agreed.
  The cuff refused with Unspecified Reason (0x08), 1 ms after the Pairing
  Request.
  The specification gives this reason no meaning: it says "no" and nothing
  about why. Only when it was said, and in answer to what, tells something.
  Then the connection ended: Connection Terminated By Local Host (0x16).

  Why, the likeliest first
  1. The cuff was not in pairing mode: no P blinked on its display
     (not_in_pairing_mode).
     For: The cuff sent Pairing Failed 0x08 (Unspecified Reason), 1 ms after
       the Pairing Request. That is the first step: nothing had been compared
       yet.
     Do: Open the pairing window first, then hold the cuff's Bluetooth button
       (2 to 5 seconds) until P blinks, and let the pairing begin at once: the
       P goes out after about a minute.
     To tell: The P blinks when the next attempt begins, and the cuff answers
       with a Pairing Response.
  2. The cuff is bonded with a phone or another host, and keeps one bond only
     (bonded_elsewhere).
     For: The cuff asked for security itself (Security Request 0x01), and then
       took no new host; these cuffs keep one bond.
     Do: Remove the cuff from the phone's Bluetooth list and from the OMRON
       app, and switch the phone's Bluetooth off. Then hold the cuff's
       Bluetooth button until P blinks. If it still refuses, take its
       batteries out, put them back, and try once more.
     To tell: With every phone's Bluetooth off, the cuff answers the next
       attempt with a Pairing Response.
  3. The cuff refused this one attempt, and may take the next
     (passing_refusal).
     For: It is the first failure in this capture. A BP5465 was seen to refuse
       a phone's first try and to take the next, about 7 s later.
     Against: That was 0x04 or a hang-up; with 0x08 it has not been seen.
     Do: Try again after 5 seconds, while P still blinks; hold the button
       again when it has gone out. Three tries are enough to know.
     To tell: Another attempt within the same minute, with nothing changed,
       gets further.
  4. The host does not offer its identity key (IdKey), and the cuff may want
     it (identity_key_wanted).
     For: The request's initiator keys are 0x05 (EncKey, Sign), without IdKey.
       The request of an Android phone that a BP5465 takes has 0x0f, IdKey
       among them.
     Against: An open question: nobody has seen IdKey help.
     Do: An experiment, and the last one to try: no report says that it helped
       a cuff. Put `Privacy = device` under [General] in
       /etc/bluetooth/main.conf, then `sudo systemctl restart bluetooth`, and
       pair again. To undo it, take the line out and restart Bluetooth again.
     To tell: In another capture the initiator keys of the Pairing Request
       have IdKey (0x07, not 0x05), and the cuff answers with a Pairing
       Response.

  Ruled out by these bytes
  - No agent was registered on the host, so nobody could agree to the pairing
    (no_agent): The request (03 00 01 10 05 07) asks for bonding (AuthReq
    0x01). A host without an agent asks for none, or refuses with 0x05; and an
    agent has nothing to do before the cuff's response.
  - The host's adapter is not pairable, so its kernel makes no bond
    (not_pairable): The request (03 00 01 10 05 07) asks for bonding (AuthReq
    0x01). A host that is not pairable asks for none, or refuses with 0x05.
  - The host asks for protection against a man in the middle (MITM), which a
    cuff that says NoInputNoOutput cannot give (mitm_asked): The request (03
    00 01 10 05 07) asks for no MITM protection (AuthReq 0x01).
  - The host may insist on LE Secure Connections, and the cuffs seen so far
    pair in the legacy way only (secure_connections_only): The request (03 00
    01 10 05 07) does not ask for Secure Connections (AuthReq 0x01).

Side by side

  this request         01 03 00 01 10 05 07
  the good request     01 03 00 09 10 07 07

                       this one                           the good one
* Ended as             failed                             bonded
* Asked for by         the cuff                           the host
  Cuff showed P        not told                           not told
  IO capability        NoInputNoOutput                    NoInputNoOutput
  OOB data             OOB data not present               OOB data not present
  Bonding              Bonding                            Bonding
  MITM                 No MITM                            No MITM
* Secure Connections   Legacy                             SC
  CT2                  No CT2                             No CT2
  Key size             16                                 16
* Initiator keys       EncKey, Sign                       EncKey, IdKey, Sign
  Responder keys       EncKey, IdKey, Sign                EncKey, IdKey, Sign
* Host's address       public                             random

What the differences can mean
  * Secure Connections: A host that can do Secure Connections may say so, and
    falls back to legacy pairing when the cuff cannot. Linux leaves the bit
    away when it answers a cuff's own Security Request without it. Unlikely to
    matter, but easy to try: let the host begin (Pair) instead of the cuff.
  * Initiator keys: These are the keys the host would hand to the cuff. IdKey
    is the one that can matter: with it the cuff can recognise the host again,
    and a phone offers it. On BlueZ `Privacy = device` under [General] of
    /etc/bluetooth/main.conf adds it (restart bluetooth afterwards); nobody
    has reported yet that it helps a cuff: it is an experiment.
  * Host's address: A phone connects from a private (random) address and hands
    over its identity; a cuff may tell hosts apart by it. It goes together
    with IdKey above.
