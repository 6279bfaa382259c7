#!/usr/bin/env python3
"""Makes the C++ validation tables of the FIX gateway from a QuickFIX data dictionary.

usage: dictionary_tables.py DICTIONARY.xml OUTPUT.inc     (included by gateway/fix/dictionary.cc)
"""
import sys
import xml.etree.ElementTree as ElementTree

FIELD_TYPES = {
    "STRING": "kString", "CHAR": "kChar", "INT": "kInt", "LENGTH": "kLength", "SEQNUM": "kSeqNum",
    "NUMINGROUP": "kNumInGroup", "PRICE": "kDecimal", "QTY": "kDecimal", "AMT": "kDecimal",
    "FLOAT": "kDecimal", "PRICEOFFSET": "kDecimal", "BOOLEAN": "kBoolean", "CURRENCY": "kString",
    "UTCTIMESTAMP": "kUtcTimestamp", "UTCDATEONLY": "kUtcDate", "UTCTIMEONLY": "kString",
    "MULTIPLEVALUESTRING": "kMultipleValue", "DATA": "kData", "EXCHANGE": "kString",
    "LOCALMKTDATE": "kUtcDate",
}
# FixSessionKind, in its order.
SESSION_KINDS = ["orders", "market_data", "drop_copy"]
# Every message type of FIX 4.4: what of it is not in the dictionary is refused with 380=3, any
# other type with 373=11.
FIX44_TYPES = ([c for c in "0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz"] +
               ["A" + c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"] + ["B" + c for c in "ABCDEFGH"])


class Dictionary:
    """The parsed file, with a dense number (ordinal) for each field, from 1."""

    def __init__(self, root):
        self.fields = sorted(root.find("fields"), key=lambda field: int(field.get("number")))
        self.ordinals = {field.get("name"): i + 1 for i, field in enumerate(self.fields)}
        self.root = root
        self.groups = []     # (count, first, members, required, nested groups)
        self.required = []   # Ordinals, message by message, in the order of the file.

    def ordinal(self, element):
        return self.ordinals[element.get("name")]

    def add_body(self, element):
        """Returns (members, required ordinals, indices of groups) of a message or group."""
        members, required, groups = [], [], []
        for child in element:
            members.append(self.ordinal(child))
            if child.get("required") == "Y":
                required.append(self.ordinal(child))
            if child.tag == "group":
                groups.append(self.add_group(child))
        return members, required, groups

    def add_group(self, element):
        members, required, nested = self.add_body(element)
        self.groups.append((self.ordinal(element), members[0], members, required, nested))
        return len(self.groups) - 1


def field_set(ordinals):
    words = [0, 0, 0, 0]
    for ordinal in ordinals:
        words[ordinal // 64] |= 1 << (ordinal % 64)
    return "{{" + ", ".join(f"0x{word:x}u" for word in words) + "}}"


def emit_fields(dictionary, header, trailer, out):
    out.append("constexpr std::string_view kEnumValues[] = {")
    rows, names, enum_count = [], [], 0
    for field in dictionary.fields:
        values = [value.get("enum") for value in field.findall("value")]
        names.extend(value.get("description") for value in field.findall("value"))
        place = ("kHeader" if dictionary.ordinal(field) in header else
                 "kTrailer" if dictionary.ordinal(field) in trailer else "kBody")
        rows.append(f'    {{{field.get("number")}, FieldType::{FIELD_TYPES[field.get("type")]}, '
                    f'FieldPlace::{place}, {enum_count}, {len(values)}, "{field.get("name")}"}},')
        out.extend(f'    "{value}",' for value in values)
        enum_count += len(values)
    out.append('    "",\n};')
    out.append("constexpr std::string_view kEnumNames[] = {")
    out.extend(f'    "{name}",' for name in names)
    out.append('    "",\n};')
    out.append("constexpr FieldRule kFields[] = {")
    out.append('    {0, FieldType::kString, FieldPlace::kBody, 0, 0, ""},')
    out.extend(rows)
    out.append("};")
    largest = max(int(field.get("number")) for field in dictionary.fields)
    out.append(f"constexpr int32_t kLargestTag = {largest};")


def emit_groups(dictionary, out):
    nested = []
    out.append("constexpr GroupRule kGroups[] = {")
    for count, first, members, required, inner in dictionary.groups:
        # A nested group is added before the one it is in, so a list of indices is enough.
        out.append(f"    {{{count}, {first}, {field_set(members)}, {field_set(required)}, "
                   f"{len(nested)}, {len(inner)}}},")
        nested.extend(inner)
    out.append("    {},\n};")
    out.append("constexpr uint16_t kNestedGroups[] = {" + ", ".join(map(str, nested + [0])) + "};")


def emit_messages(dictionary, messages, out):
    required_all, group_lists, rows = [], [], []
    for element, (members, required, groups) in messages:
        direction = element.get("direction")
        kinds = element.get("sessions", "orders").split()
        rows.append(f'    {{"{element.get("msgtype")}", "{element.get("name")}", '
                    f'{"true" if direction in ("in", "both") else "false"}, '
                    f'{"true" if element.get("msgcat") == "admin" else "false"}, '
                    f'{sum(1 << SESSION_KINDS.index(kind) for kind in kinds)}, '
                    f'{field_set(members)}, {len(required_all)}, {len(required)}, '
                    f'{len(group_lists)}, {len(groups)}}},')
        required_all.extend(required)
        group_lists.extend(groups)
    out.append("constexpr uint16_t kRequired[] = {" + ", ".join(map(str, required_all + [0])) +
               "};")
    out.append("constexpr uint16_t kMessageGroups[] = {" +
               ", ".join(map(str, group_lists + [0])) + "};")
    out.append("constexpr MessageRule kMessages[] = {")
    out.extend(rows)
    out.append("};")
    known = ", ".join(f'"{t}"' for t in FIX44_TYPES)
    out.append(f"constexpr std::string_view kFix44Types[] = {{{known}}};")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    root = ElementTree.parse(sys.argv[1]).getroot()
    dictionary = Dictionary(root)
    header, header_required, _ = dictionary.add_body(root.find("header"))
    trailer, _, _ = dictionary.add_body(root.find("trailer"))
    messages = [(element, dictionary.add_body(element)) for element in root.find("messages")]
    out = ["// Generated from the data dictionary by dictionary_tables.py."]
    emit_fields(dictionary, header, trailer, out)
    out.append("constexpr uint16_t kHeaderRequired[] = {" +
               ", ".join(map(str, header_required)) + "};")
    emit_groups(dictionary, out)
    emit_messages(dictionary, messages, out)
    with open(sys.argv[2], "w", encoding="utf-8") as output:
        output.write("\n".join(out) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
