// shard.hpp -- one part of a concurrent map: a table, its lock, and the number that tells readers
// without a lock whether the table has changed under them.
//
// The sequence is odd while a write is under way and higher by two afterwards. In C++'s terms:
//
//   writer   sequence + 1, relaxed    every word of the table, release    sequence + 2, release
//   reader   sequence, acquire        every word of the table, acquire    sequence, relaxed
//
// A reader that has seen any word of a write also sees the odd number that was stored before it,
// and reads again. The lock keeps writers apart; the sequence is only for readers. It is odd while
// words change and no longer: hashes are computed, and memory is allocated, while it is even. An
// insertion that moves nothing leaves it alone: the word that shows the entry is stored last, so
// that a reader sees all of it or nothing.
//
// A shard does not depend on threads or maps, so that a model checker can run it as it is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <gomap/detail/aside.hpp>
#include <gomap/detail/copyable.hpp>
#include <gomap/detail/entry.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/misuse.hpp>
#include <gomap/scan_cursor.hpp>

namespace gomap::detail {

template <class Atomics>
class basic_sequence {
 public:
  // What a read starts with; odd if a write is under way.
  [[nodiscard]] std::uint64_t begin_read() const noexcept {
    // acquire: pairs with the end of a write, so that all of the last write is visible.
    return load<std::memory_order_acquire>();
  }
  // Whether no write has begun since begin_read() returned `seen`.
  [[nodiscard]] bool unchanged(std::uint64_t seen) const noexcept {
    // relaxed: the acquire loads of what was read keep this one behind them.
    return load<std::memory_order_relaxed>() == seen;
  }

  // Marks a write, from construction to destruction.  Requires: the shard's lock.
  class [[nodiscard]] write_section {
   public:
    explicit write_section(basic_sequence& s) noexcept : sequence_(s) {
      // relaxed, both: only the holder of the lock writes, and the release stores of the table keep
      // this one before them.
      s.template store<std::memory_order_relaxed>(s.template load<std::memory_order_relaxed>() + 1);
    }
    write_section(const write_section&) = delete;
    write_section& operator=(const write_section&) = delete;
    ~write_section() {
      // relaxed: as above. release: pairs with begin_read().
      const std::uint64_t now = sequence_.template load<std::memory_order_relaxed>();
      sequence_.template store<std::memory_order_release>(now + 1);
    }

   private:
    basic_sequence& sequence_;
  };

 private:
  template <std::memory_order Order>
  [[nodiscard]] std::uint64_t load() const noexcept {
    return Atomics::template load<sizeof(number_), Order>(&number_);
  }
  template <std::memory_order Order>
  void store(std::uint64_t number) noexcept {
    Atomics::template store<sizeof(number_), Order>(&number_, number);
  }

  std::uint64_t number_ = 0;
};

// The sequence of a shard that nobody reads without a lock.
class no_sequence {
 public:
  class [[nodiscard]] write_section {
   public:
    explicit constexpr write_section(no_sequence&) noexcept {}
    write_section(const write_section&) = delete;
    write_section& operator=(const write_section&) = delete;
    constexpr ~write_section() {}  // not trivial, so that an unused section is no warning
  };
};

// The holder of a shard's exclusive lock, for reports: thread number and operation, packed as in
// misuse.hpp; 0 if there is none.
class lock_holder {
 public:
  void set(operation op) noexcept {
    // relaxed: for reports only; it orders nothing.
    word_.store(this_thread_number() << 8 | static_cast<std::uint32_t>(op),
                std::memory_order_relaxed);
  }
  void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: as above
  [[nodiscard]] std::uint32_t thread() const noexcept {
    return word_.load(std::memory_order_relaxed) >> 8;  // relaxed: as above
  }
  [[nodiscard]] operation doing() const noexcept {
    return static_cast<operation>(word_.load(std::memory_order_relaxed) &
                                  0xff);  // relaxed: as above
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

// The result of one try to read without the lock. `disturbed`: a writer came between, so it does
// not count.
enum class reading { absent, present, disturbed };

inline constexpr std::size_t cache_line_bytes = 64;

// It has cache lines of its own; all that a reader reads, and the sequence, are on the first.
template <class Table, class Mutex>
struct alignas(cache_line_bytes) shard {
  // Whether readers may go without the lock.
  static constexpr bool optimistic = Table::words::shared;

  using entries = typename Table::entries;
  using allocator_type = typename Table::allocator_type;
  using value_type = typename Table::value_type;
  using mapped_type = typename value_type::second_type;
  using position = typename Table::position;
  using sequence =
      std::conditional_t<optimistic, basic_sequence<typename Table::words::atomics>, no_sequence>;
  using write_section = typename sequence::write_section;

  explicit shard(const allocator_type& allocator) noexcept : table(allocator) {}

  // ---- without the lock

  // A function that tells whether no write was under way at this call and none has begun since.
  [[nodiscard]] auto unchanged() const noexcept {
    return [this, seen = seq.begin_read()] { return seen % 2 == 0 && seq.unchanged(seen); };
  }

  // One try to read the entry with this hash whose key `matches`. take_copy(entry) copies what it
  // needs, by entries::load_key() and load_value(); the copy counts only if the result is
  // `present`.
  // AnyBits: see optimistic_access.  Throws: what `matches` and take_copy throw.
  // always_inline: it is most of a read, and its closures would otherwise be in memory.
  template <bool AnyBits, class Matches, class TakeCopy>
  [[nodiscard, gnu::always_inline]] inline reading try_to_read(std::uint64_t hash,
                                                               const Matches& matches,
                                                               TakeCopy& take_copy) const {
    const std::uint64_t seen = seq.begin_read();
    if (seen % 2 != 0) [[unlikely]]
      return reading::disturbed;
    const auto unchanged = [this, seen] { return seq.unchanged(seen); };
    const position at = table.template find_optimistically<AnyBits>(hash, unchanged, matches);
    if (at) take_copy(at.entry());
    if (!unchanged()) [[unlikely]]
      return reading::disturbed;
    return at ? reading::present : reading::absent;
  }

  // ---- for the thread that holds the exclusive lock

  // Adds an entry made of `args`.  Requires: its key is absent.  Throws: as table::insert().
  template <class HashOf, class... Args>
  position insert(std::uint64_t hash, const HashOf& hash_of, Args&&... args) {
    if constexpr (optimistic) {
      const value_type made(std::forward<Args>(args)...);  // user code before the write begins
      return insert_copy(hash, hash_of, made);
    } else {
      return table.insert(hash, hash_of, [&](allocator_type& a, value_type* at) {
        entries::construct(a, at, std::forward<Args>(args)...);
      });
    }
  }
  // The same, but look(entry) may change the entry before other threads see it. If `look` throws,
  // the entry is inserted as it was made, or not at all if its value cannot be copied.
  template <class Look, class HashOf, class... Args>
  position insert_seen(const Look& look, std::uint64_t hash, const HashOf& hash_of,
                       Args&&... args) {
    constexpr bool cannot_fail = noexcept(look(std::declval<value_type&>()));
    if constexpr (!optimistic) {
      const position at = insert(hash, hash_of, std::forward<Args>(args)...);
      if constexpr (cannot_fail) {
        look(*at.entry());
      } else {
        show_inserted(at, hash, look);
      }
      return at;
    } else if constexpr (cannot_fail) {
      value_type made(std::forward<Args>(args)...);
      look(made);
      return insert_copy(hash, hash_of, made);
    } else {
      const value_type made(std::forward<Args>(args)...);
      value_type seen(made);
      GOMAP_TRY { look(seen); }
      GOMAP_CATCH_ALL {
        insert_copy(hash, hash_of, made);
        GOMAP_RETHROW;
      }
      return insert_copy(hash, hash_of, seen);
    }
  }
  void erase(position at, std::uint64_t hash) noexcept {
    const write_section section(seq);
    table.erase(at, hash);
  }
  void erase_below(position at, typename Table::bucket_type* head) noexcept {
    const write_section section(seq);
    table.erase_below(at, head);
  }
  // Erases the entries of the cursor's class and moves it to the next. Returns how many there were.
  template <class HashOf>
  std::size_t clear_class(scan_cursor& cursor, const HashOf& hash_of) {
    std::size_t erased = 0;
    scan_access::step(table, hash_of, cursor, [&](position at, auto* head) {
      erase_below(at, head);
      ++erased;
    });
    return erased;
  }
  // Makes the array one of at least 2^bits buckets, in steps: each call moves up to `chains`
  // chains.
  // Returns whether it is done.  Throws: as table::grow_to().
  template <class HashOf>
  bool grow_to(unsigned bits, std::size_t chains, const HashOf& hash_of) {
    return table.grow_partly_to(bits, chains, hash_of, section_of_readers());
  }
  template <class M>
  void assign(position at, M&& value) {
    if constexpr (!optimistic) {
      detail::assign_value(at.entry()->second, std::forward<M>(value));
    } else if constexpr (std::is_same_v<std::remove_cvref_t<M>, mapped_type>) {
      store(at, value);
    } else {
      const auto converted = static_cast<mapped_type>(std::forward<M>(value));
      store(at, converted);
    }
  }
  // Calls f(entry), which may change the value. If there are readers without a lock, f works on a
  // copy, which is stored when f returns and dropped when f throws.
  template <class F>
  void visit(position at, F&& f) {
    visit_to_erase(at, [&f](value_type& e) {
      f(e);
      return false;
    });
  }
  // The same for an entry that the caller erases next if f returns true: then readers never see
  // what f has changed. Returns what f returns.
  template <class F>
  bool visit_to_erase(position at, F&& f) {
    if constexpr (optimistic) {
      value_type copy(*at.entry());
      const bool erase = static_cast<bool>(f(copy));
      if (!erase) store(at, copy.second);
      return erase;
    } else {
      return static_cast<bool>(f(*at.entry()));
    }
  }

  [[no_unique_address]] sequence seq;
  Table table;
  Mutex mutex;
  lock_holder holder;

 private:
  template <class HashOf>
  position insert_copy(std::uint64_t hash, const HashOf& hash_of, const value_type& entry) {
    const auto construct = [&](allocator_type& a, value_type* at) {
      entries::construct(a, at, entry.first, entry.second);
    };
    return table.insert(hash, hash_of, construct, section_of_readers());
  }

  // What the table calls before it changes what readers may see.
  [[nodiscard]] auto section_of_readers() noexcept {
    return [this] { return write_section(seq); };
  }

  // Calls look(entry) for the entry at `at`, which has just been inserted; see insert_seen().
  template <class Look>
  void show_inserted(position at, std::uint64_t hash, const Look& look) {
    constexpr bool can_be_kept = copyable<mapped_type> && std::is_move_assignable_v<mapped_type>;
    aside<mapped_type> made;
    GOMAP_TRY {
      if constexpr (can_be_kept) made.emplace(std::as_const(at.entry()->second));
      look(*at.entry());
    }
    GOMAP_CATCH_ALL {
      if (!made.has_value() || !put_back(at, *made)) erase(at, hash);
      GOMAP_RETHROW;
    }
  }
  [[nodiscard]] static bool put_back(position at, mapped_type& value) noexcept {
    if constexpr (std::is_move_assignable_v<mapped_type>) {
      GOMAP_TRY {
        at.entry()->second = std::move(value);
        return true;
      }
      GOMAP_CATCH_ALL {  // another exception is under way; the caller erases the entry instead
      }
    }
    return false;
  }

  void store(position at, const mapped_type& value) noexcept {
    // A single word is always read whole, so readers need not read again.
    if constexpr (entries::value_is_a_word()) {
      entries::store_value(at.entry(), value);
    } else {
      const write_section section(seq);
      entries::store_value(at.entry(), value);
    }
  }
};

}  // namespace gomap::detail
