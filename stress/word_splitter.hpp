// word_splitter.hpp -- what counts as a word of a text, and the walk over them.
//
// A word is a run of ASCII letters and digits, of bytes above 127 (so UTF-8 words stay whole) and
// of apostrophes between them. fold_text() first lower-cases ASCII and turns the punctuation of
// UTF-8 that English texts carry (quotes, dashes, no-break spaces) into its ASCII kin; so every
// word is a plain piece of the folded text, and finding one allocates nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stress {

// Lower-cases ASCII and flattens punctuation; the result is never longer than `text`.
inline std::string fold_text(std::string text);

// Calls f(std::string_view) for every word of a folded text, in order.
template <class F>
void for_each_word(std::string_view folded, F f);

// ---- bodies, in the order above ------------------------------------------------------------

namespace detail {

constexpr unsigned char byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
}

// U+2000..U+207F (dashes, quotes, spaces) are the bytes E2 80..81 xx.
constexpr bool is_general_punctuation(std::string_view text, std::size_t i) {
  return byte_at(text, i) == 0xE2 && (byte_at(text, i + 1) | 1) == 0x81;
}

// U+0080..U+00BF (controls, no-break space, signs) are the bytes C2 xx.
constexpr bool is_latin_sign(std::string_view text, std::size_t i) {
  return byte_at(text, i) == 0xC2 && (byte_at(text, i + 1) & 0xC0) == 0x80;
}

constexpr bool is_word_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '\'' ||
         static_cast<unsigned char>(byte) >= 0x80;
}

constexpr std::string_view without_outer_apostrophes(std::string_view run) {
  while (run.starts_with('\'')) run.remove_prefix(1);
  while (run.ends_with('\'')) run.remove_suffix(1);
  return run;
}

}  // namespace detail

inline std::string fold_text(std::string text) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (detail::is_general_punctuation(text, i)) {
      const bool apostrophe =
          detail::byte_at(text, i + 1) == 0x80 && detail::byte_at(text, i + 2) == 0x99;
      text[kept++] = apostrophe ? '\'' : ' ';
      i += 3;
    } else if (detail::is_latin_sign(text, i)) {
      text[kept++] = ' ';
      i += 2;
    } else {
      const char byte = text[i++];
      text[kept++] = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    }
  }
  text.resize(kept);
  return text;
}

template <class F>
void for_each_word(std::string_view folded, F f) {
  for (std::size_t i = 0; i < folded.size();) {
    const std::size_t begin = i;
    while (i < folded.size() && detail::is_word_byte(folded[i])) ++i;
    const auto word = detail::without_outer_apostrophes(folded.substr(begin, i - begin));
    if (!word.empty()) f(word);
    ++i;
  }
}

}  // namespace stress
