// entry.hpp -- what a map holds for one key: the argument of the functions of compute() and
// with_locked().
//
// It is used like a std::optional<T>, which is empty if the key is absent. What it holds when the
// function returns is what the map holds afterwards. If the function throws, emplace() and reset()
// have no effect; but if the map's reads take the lock, changes made to the value in place stay.
// An entry is valid during the call that made it, on the same thread.
#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

#include <gomap/detail/aside.hpp>
#include <gomap/detail/raise.hpp>

namespace gomap {

namespace detail {
struct entry_access;
}

// Thrown by entry::value() if there is no value.
class bad_entry_access : public std::logic_error {
 public:
  bad_entry_access() : std::logic_error("gomap: an entry without a value was read") {}
};

template <class T>
class entry {
 public:
  using value_type = T;

  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;

  // Whether the map holds, or will hold, a value for the key. All of these are O(1).
  [[nodiscard]] bool has_value() const noexcept { return value_ != nullptr; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  // The value.  Requires: has_value(); value() throws bad_entry_access instead.
  [[nodiscard]] T& operator*() noexcept { return *value_; }
  [[nodiscard]] const T& operator*() const noexcept { return *value_; }
  [[nodiscard]] T* operator->() noexcept { return value_; }
  [[nodiscard]] const T* operator->() const noexcept { return value_; }
  [[nodiscard]] T& value() {
    if (!has_value()) GOMAP_THROW(bad_entry_access());
    return *value_;
  }
  [[nodiscard]] const T& value() const {
    if (!has_value()) GOMAP_THROW(bad_entry_access());
    return *value_;
  }
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) const {
    return has_value() ? *value_ : static_cast<T>(std::forward<U>(otherwise));
  }

  // Makes a value of `args`, which replaces the one that may be there.  Throws: what T throws; the
  // entry is then empty, as with std::optional.
  template <class... Args>
  T& emplace(Args&&... args) {
    value_ = nullptr;
    value_ = std::addressof(own_.emplace(std::forward<Args>(args)...));
    return *value_;
  }
  // Makes the entry empty: the map erases the key afterwards.
  void reset() noexcept { value_ = nullptr; }

 protected:
  entry() noexcept = default;

 private:
  friend struct detail::entry_access;

  T* value_ = nullptr;    // what the entry holds: own_, the slot's, or nothing
  detail::aside<T> own_;  // a value that is not in the map yet, or a copy of the one that is
};

namespace detail {

// An entry of an absent key.
template <class T>
class new_entry final : public entry<T> {};

// The functions that fill entries and read them afterwards.
struct entry_access {
  // In place: the function works on the value in the map.
  template <class T>
  static void refer(entry<T>& e, T& in_slot) noexcept {
    e.value_ = std::addressof(in_slot);
  }
  // Aside: it works on a copy.
  template <class T>
  static void copy(entry<T>& e, const T& in_slot) {
    e.emplace(in_slot);
  }
  // The value to be stored; null if there is none, or if it is in its slot already.
  template <class T>
  [[nodiscard]] static T* to_store(entry<T>& e) noexcept {
    return e.own_.has_value() && e.value_ == std::addressof(*e.own_) ? e.value_ : nullptr;
  }
};

}  // namespace detail
}  // namespace gomap
