#include "tests/fix/example_script.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "gtest/gtest.h"

namespace tally::gateway::fix {
namespace {

struct TextField {
  std::string_view tag;
  std::string_view value;
};

std::vector<TextField> FieldsOf(std::string_view text) {
  std::vector<TextField> fields;
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('|'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    const std::size_t equals = std::min(field.find('='), field.size());
    if (!field.empty()) {
      fields.push_back({field.substr(0, equals), field.substr(std::min(equals + 1, field.size()))});
    }
  }
  return fields;
}

bool IsFraming(std::string_view tag) {
  static constexpr std::array<std::string_view, 7> kTags = {"8", "9", "10", "34", "49", "52", "56"};
  return std::find(kTags.begin(), kTags.end(), tag) != kTags.end();
}

std::vector<TextField> WithoutFraming(std::string_view message, const std::vector<TextField>& but) {
  std::vector<TextField> fields = FieldsOf(message);
  std::erase_if(fields, [&](const TextField& field) {
    return IsFraming(field.tag) && std::none_of(but.begin(), but.end(), [&](const auto& one) {
             return one.tag == field.tag;
           });
  });
  return fields;
}

// "C:", "V BOB:" and the rest of the line.
bool ParseLine(std::string_view text, ExampleLine* line) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.empty() ||
      std::string_view("CVE").find(text[0]) == std::string_view::npos) {
    return false;
  }
  std::string_view who = text.substr(1, colon - 1);
  who.remove_prefix(who.starts_with(' ') ? 1 : 0);
  text.remove_prefix(colon + 1);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  line->session = who;
  line->text = text;
  return true;
}

}  // namespace

std::vector<Example> ReadExamples(const std::string& path) {
  std::ifstream page(path);
  EXPECT_TRUE(page.is_open()) << path;
  std::vector<Example> examples;
  bool inside = false;
  int number = 0;
  for (std::string text; std::getline(page, text);) {
    ++number;
    if (text.starts_with("```")) {
      inside = !inside && text == "```fix";
      if (inside) {
        examples.emplace_back().title = "line " + std::to_string(number);
      }
    } else if (inside && text.starts_with("#")) {
      if (examples.back().lines.empty()) {
        examples.back().title += ":" + text.substr(1);
      }
    } else if (inside && !text.empty()) {
      ExampleLine line{.kind = text[0], .session = {}, .text = {}, .number = number};
      EXPECT_TRUE(ParseLine(text, &line)) << path << ":" << number << ": " << text;
      examples.back().lines.push_back(std::move(line));
    }
  }
  return examples;
}

std::string DifferenceFrom(std::string_view expected, std::string_view received) {
  std::vector<TextField> wanted = FieldsOf(expected);
  const bool open = !wanted.empty() && wanted.back().tag == "...";
  if (open) {
    wanted.pop_back();
  }
  const std::vector<TextField> got = WithoutFraming(received, wanted);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string name = std::string(wanted[i].tag) + "=" + std::string(wanted[i].value);
    if (i >= got.size()) {
      return name + " is missing";
    }
    if (got[i].tag != wanted[i].tag ||
        (wanted[i].value != "*" && got[i].value != wanted[i].value)) {
      return name + " is " + std::string(got[i].tag) + "=" + std::string(got[i].value);
    }
  }
  if (!open && got.size() > wanted.size()) {
    return std::string(got[wanted.size()].tag) + "= is not in the example";
  }
  return "";
}

std::string AsExample(std::string_view received) {
  std::string text;
  for (const TextField& field : WithoutFraming(received, {})) {
    text += text.empty() ? "" : "|";
    text += std::string(field.tag) + "=" + std::string(field.value);
  }
  return text;
}

}  // namespace tally::gateway::fix
