// scan_cursor.hpp -- the position of a scan(): a walk that needs no iterator between its calls.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gomap {

namespace detail {
struct scan_access;
}

// `scan_cursor{}` starts a scan. Each call of scan(cursor, f) returns where to continue. The scan
// has ended when done() is true. A plain value: copy it, store it, drop it. It is valid for the map
// that returned it, and for no other.
class scan_cursor {
 public:
  constexpr scan_cursor() noexcept = default;

  // Whether everything has been visited.
  [[nodiscard]] constexpr bool done() const noexcept { return state_ == state::done; }

  friend constexpr bool operator==(const scan_cursor&, const scan_cursor&) noexcept = default;

 private:
  friend struct detail::scan_access;
  enum class state : std::uint8_t { fresh, under_way, done };

  std::uint64_t next_class_ = 0;
  std::uint32_t shard_ = 0;  // of a concurrent_map
  std::uint8_t bits_ = 0;    // the classes are told apart by so many low bits of the hash
  state state_ = state::fresh;
};

namespace detail {

// The functions that read and write scan cursors.
struct scan_access {
  // Calls f(position, head) for the entries of the cursor's class, in a table that hash_of hashes
  // for, and moves the cursor to the next class. f may erase that entry.
  template <class Table, class HashOf, class F>
  static void step(const Table& table, const HashOf& hash_of, scan_cursor& cursor, F&& f) {
    using state = scan_cursor::state;
    if (cursor.state_ == state::done) return;
    if (cursor.state_ == state::fresh) {
      cursor.bits_ = static_cast<std::uint8_t>(table.common_bits());
      cursor.state_ = state::under_way;
    }
    visit_class(table, hash_of, cursor.next_class_, cursor.bits_, f);
    if (++cursor.next_class_ >> cursor.bits_ != 0) cursor.state_ = state::done;
  }

  // The shard that the cursor is in; a cursor that is done with one of `shards` goes on to the
  // next.
  [[nodiscard]] static std::uint32_t shard(const scan_cursor& cursor) noexcept {
    return cursor.shard_;
  }
  static void leave_shard_if_done(scan_cursor& cursor, std::size_t shards) noexcept {
    if (!cursor.done() || cursor.shard_ + 1 >= shards) return;
    const std::uint32_t next = cursor.shard_ + 1;
    cursor = scan_cursor();
    cursor.shard_ = next;
  }

 private:
  template <class Table, class HashOf, class F>
  static void visit_class(const Table& table, const HashOf& hash_of, std::uint64_t hash_class,
                          unsigned bits, F& f) {
    const std::uint64_t class_mask = (std::uint64_t{1} << bits) - 1;
    // The chains of the class, in the order of their further bits: an old chain stands for both of
    // the halves that it will become, and comes with the first.
    std::uint64_t further = 0;
    do {
      const std::uint64_t low = hash_class | (further << bits);
      const auto chain = table.chain_at(low);
      const std::uint64_t chain_mask = (std::uint64_t{1} << chain.bits) - 1;
      // A table that has shrunk keeps several classes in a chain.
      const bool mixed = chain.bits < bits;
      if (mixed || (low & chain_mask) == low) {
        for (auto* b = chain.head; b != nullptr;) {
          auto* const next = b->next();
          for (auto set = b->live(); set; set.drop_first()) {
            const unsigned i = set.first();
            if (mixed && (hash_of(b->slot(i)->first) & class_mask) != hash_class) continue;
            f(typename Table::position{{b, i}}, chain.head);
          }
          b = next;
        }
      }
      ++further;
    } while (table.bits() > bits && further >> (table.bits() - bits) == 0);
  }
};

}  // namespace detail
}  // namespace gomap
