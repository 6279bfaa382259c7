#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tally::gateway::fix {

// A line of an example: who says it, and what.
struct ExampleLine {
  char kind = 'C';      // C: the client sends, V: the venue sends, E: something happens.
  std::string session;  // CompID of the client; empty: the example's first one.
  std::string text;
  int number = 0;  // Of the line in the page.
};

// One example of docs/fix.md: a block of code fenced as `fix`.
struct Example {
  std::string title;  // Its first comment.
  std::vector<ExampleLine> lines;
};

// Every example of the page, in order. A line that is none fails the test that asked.
std::vector<Example> ReadExamples(const std::string& path);

// Empty, or what is different: `expected` as the page has it, `received` a whole message with '|'
// between its fields. The fields of the header are compared if the example names them, all others
// must be those of the example in its order. '*' is any value; "..." at the end any more fields.
std::string DifferenceFrom(std::string_view expected, std::string_view received);

// The message as an example would have it: without the header.
std::string AsExample(std::string_view received);

}  // namespace tally::gateway::fix
