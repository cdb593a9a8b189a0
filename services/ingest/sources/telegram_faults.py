"""The faults that a telegram can have. Their codes are shown to people and never renamed."""

from services.ingest.sources.refusals import Fault
from services.ingest.sources.telegram import KEY_BYTES

# The frame
NOT_A_FRAME = Fault("not_a_frame", "the bytes are no frame: its start, lengths or end do not fit each other")
CHECKSUM = Fault("checksum", "the frame's checksum does not fit; it was damaged on its way")
NOT_A_REPLY = Fault("not_a_reply", "the frame is no meter's answer; it asks for one, or acknowledges")
APPLICATION_ERROR = Fault("application_error", "the meter answered with an error instead of values; read it again")
FIXED_STRUCTURE = Fault("fixed_structure", "the meter answers in the fixed structure, which EN 13757-3 has withdrawn")
UNSUPPORTED_STRUCTURE = Fault(
    "unsupported_structure", "only data of variable structure, least significant byte first, is read (CI 72, 7A, 78)"
)
CUT = Fault("cut", "the telegram ends in the middle of a header")
BROKEN_RECORDS = Fault("broken_records", "a record lacks bytes or has too many extensions, and what follows is lost")
DECODERS_DISAGREE = Fault("decoders_disagree", "two decoders read different values; keep the telegram and report it")


# The item that brought it
INVALID = Fault("invalid", "an item has received_at, link, and frame or frame_base64, each of its own type")
DUPLICATE_KEY = Fault("duplicate_key", "a field stands there twice; give each of them once")
ONE_FRAME = Fault("field_missing", "give the telegram once, as frame or as frame_base64")
BAD_HEX = Fault("bad_hex", "the frame is not written in hexadecimal digits, two for each byte")
TIME_OUT_OF_RANGE = Fault("time_out_of_range", "received_at lies between 1990-01-02 and 2060-12-31")
UNKNOWN_ZONE = Fault("unknown_zone", "the zone is UTC, an offset such as +01:00, or a place such as Europe/Stockholm")

# Whose it is
BAD_IDENTIFICATION = Fault("bad_identification", "the identification number is not made of decimal digits")
ANOTHER_METER = Fault("another_meter", "the telegram is of another meter than the one it should be of")
NOT_A_HEAT_METER = Fault("not_a_heat_meter", "the telegram is of a meter of something else than heat or cooling")

# Its values
NO_ENERGY = Fault("no_energy", "the telegram has no energy register that counts: current, and of no tariff")
BAD_BCD = Fault("bad_bcd", "a decimal value holds a digit above 9, which meters show for a value they do not have")
SENTINEL = Fault("sentinel", "the meter's sign for 'no value' stands where the energy register should")
NOT_FINITE = Fault("not_finite", "a register is infinite, or no number")
NEGATIVE = Fault("negative_register", "a register cannot be below zero")
OUT_OF_RANGE = Fault("out_of_range", "registers reach to 10^15 at most, samples to 10^9")
CONTRADICTING = Fault("contradicting_registers", "the telegram gives a register twice, with values that differ")

# Its time
NAIVE_TIME = Fault("naive_time", "the meter's clock has no offset; note the meter's zone, such as +01:00")
NO_SUCH_TIME = Fault("no_such_time", "the meter's clock shows a time that never was; set the clock, or mend the zone")
AMBIGUOUS_TIME = Fault("ambiguous_time", "the clock showed this time twice in autumn; the next telegram counts again")
SUMMER_TIME = Fault(
    "summer_time", "the meter's clock says that it shows summer time, which its zone does not have then; mend the zone"
)

# What protects it
KEY_MISSING = Fault("key_missing", f"the telegram is encrypted; note the meter's key of {KEY_BYTES} bytes")
DECRYPTION_UNVERIFIED = Fault("decryption_unverified", "decrypted, the telegram does not begin with 2F 2F: a wrong key")
NOT_ENCRYPTED = Fault("not_encrypted", "the meter has a key, but the telegram came without encryption")
UNSUPPORTED_SECURITY = Fault("unsupported_security", "only security mode 5 is read: AES-128, CBC, vector by the header")
UNSUPPORTED_TRANSPORT = Fault(
    "unsupported_transport", "an encrypted or fragmenting layer below the application, or a compact frame, is not read"
)

# The network that brought it
NOT_JSON = Fault("not_json", "this is no JSON in UTF-8, or a name stands there twice")
NOT_AN_UPLINK = Fault("not_an_uplink", "this is no uplink as ChirpStack 4 or The Things Stack 3 write them")
UNKNOWN_DEVICE = Fault("unknown_device", "no meter is registered for this device EUI")
COUNTER_REPEATED = Fault("counter_repeated", "the uplink's frame counter is that of the last one")
COUNTER_RESET = Fault("counter_reset", "the frame counter fell within one session; let the device join anew")
WRONG_PORT = Fault("wrong_port", "the module sends its readings on port 2")
BAD_BASE64 = Fault("bad_base64", "the payload is not base64")
EMPTY_PAYLOAD = Fault("empty_payload", "the uplink has no payload")
TOO_LONG = Fault("too_long", "the payload is longer than any uplink of LoRaWAN, which carries 242 bytes")
METER_NOT_REACHED = Fault("meter_not_reached", "the module says that it cannot read its meter; look at it")
UNSUPPORTED_MESSAGE = Fault("unsupported_message", "this type of message is not read; choose Standard for the module")

FAULTS = tuple(fault for fault in vars().copy().values() if isinstance(fault, Fault))
"""All of them."""
