// map_fault_suite.hpp -- maps on each backend, with the n-th call for memory failing.
//
// For n = 1, 2, ... until the operation completes, in states from an empty map to one in the middle
// of a growth: the n-th call fails, once or for good, with bad_alloc or with what no one expects.
// After each the map holds what it should, its invariants hold, it grows on once there is memory,
// and when it is gone every block is back.
//
// Instantiated with fault_case<Backend, Value>: a backend of backend_suite.hpp, which may have a
// member in_use() that says what has not come back to it, and a type for keys and values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gomap/map.hpp>
#include <gomap/scan_cursor.hpp>

#include "support/chosen_hash.hpp"
#include "support/counting_allocator.hpp"
#include "support/fault.hpp"
#include "support/fault_sweep.hpp"
#include "support/faulty_allocator.hpp"
#include "support/growth.hpp"
#include "support/make_value.hpp"

namespace gomap_test {

template <class Backend, class Value>
struct fault_case {
  using backend = Backend;
  using value = Value;
};

template <class Case>
class BackendFaults : public testing::Test {
 protected:
  using value = typename Case::value;
  using entry = std::pair<const value, value>;
  using inner_allocator = typename Case::backend::template allocator<entry>;
  using allocator = support::faulty_allocator<entry, inner_allocator>;
  using hash = support::chosen_hash<value>;
  using map = gomap::map<value, value, hash, std::equal_to<>, allocator>;
  using model = std::map<std::uint64_t, std::uint64_t>;
  using hash_kind = support::hash_kind;

  static constexpr std::uint64_t new_key = 1u << 20;

  static value val(std::uint64_t n) { return support::make_value<value>(n); }

  // ---- states

  struct state {
    const char* name;
    hash_kind quality;
    bool growing;
    void (*build)(map&);
  };

  static void fill(map& m, std::uint64_t first, std::uint64_t n) {
    for (std::uint64_t i = first; i < first + n; ++i) m.try_emplace(val(i), val(i + 1000));
  }
  static void fill_to_the_limit(map& m, std::size_t buckets) {
    fill(m, 0, buckets * 13 / 2);
    m.finish_growth();
  }

  // From 64 KiB up a page_source deals in pages, and can discard and extend.
  static constexpr std::size_t large_buckets = sizeof(entry) > 16 ? 128 : 512;
  static_assert(large_buckets * 8 * sizeof(entry) >= std::size_t{64} << 10);

  static std::vector<state> small_states() {
    return {
        {"empty", hash_kind::good, false, [](map&) {}},
        {"few", hash_kind::good, false, [](map& m) { fill(m, 0, 5); }},
        {"full bucket", hash_kind::good, false, [](map& m) { fill(m, 0, 8); }},
        {"at the limit", hash_kind::good, false, [](map& m) { fill_to_the_limit(m, 16); }},
        {"doubling", hash_kind::good, true,
         [](map& m) { support::insert_until_growing(m, 0, val(7)); }},
        {"long chain", hash_kind::colliding, false, [](map& m) { fill(m, 0, 20); }},
        {"few of many buckets", hash_kind::good, false,
         [](map& m) {
           m.reserve(800);
           fill(m, 0, 40);
         }},
        {"compacting", hash_kind::identity, true,
         [](map& m) {
           fill_to_the_limit(m, 16);
           for (std::uint64_t i = 80; i < 104; ++i) m.erase(val(i));
           std::uint64_t fresh = 0;
           support::start_same_size_growth(m, fresh, val(9));
         }},
    };
  }
  static std::vector<state> large_states() {
    return {
        {"large, at the limit", hash_kind::good, false,
         [](map& m) { fill_to_the_limit(m, large_buckets); }},
        {"large, doubling", hash_kind::good, true,
         [](map& m) {
           fill_to_the_limit(m, large_buckets);
           support::insert_until_growing(m, m.size(), val(7));
           fill(m, m.size(), large_buckets / 8);
         }},
    };
  }

  // ---- what is swept

  // The map operated on, and another that copies, merges and ranges have to do with: it has three
  // keys of the first, with values of its own, and twelve that the first has not.
  struct two_maps {
    map a;
    map b;
  };
  struct two_models {
    model a;
    model b;
  };

  two_maps make(const state& s, support::allocation_ledger& ledger) {
    const allocator memory(ledger, backend_.template make<entry>());
    two_maps two{map(0, hash{s.quality}, {}, memory), map(0, hash{s.quality}, {}, memory)};
    s.build(two.a);
    for (std::uint64_t i = 0; i < 3; ++i) two.b.try_emplace(val(i), val(50 + i));
    for (std::uint64_t i = 0; i < 12; ++i) two.b.try_emplace(val(new_key + i), val(i));
    return two;
  }

  // What a throw leaves: all as before, or a part of it done and nothing lost.
  enum class promise { strong, basic };

  struct operation {
    const char* name;
    promise after_a_throw;
    void (*run)(two_maps&);
    void (*apply)(two_models&);  // what it does when nothing throws
  };

  // After each failure the contents are looked at in every way there is.
  static model contents(const map& m) {
    model all;
    std::size_t walked = 0;
    std::size_t scanned = 0;
    for (const auto& [k, v] : m) all[support::number_of(k)] = support::number_of(v);
    m.for_each([&](const entry&) { ++walked; });
    for (gomap::scan_cursor at{}; !at.done();) {
      at = m.scan(at, [&](const entry&) { ++scanned; });
    }
    EXPECT_EQ(all.size(), m.size());
    EXPECT_EQ(walked, m.size());
    EXPECT_EQ(scanned, m.size());
    for (const auto& [k, v] : all) {
      const value* const found = m.lookup(val(k));
      EXPECT_TRUE(found != nullptr && support::number_of(*found) == v) << "key " << k;
      if (HasFailure()) break;
    }
    return all;
  }

  static bool within(const model& part, const model& whole) {
    return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
  }

  static void expect_contents(const two_maps& two, const two_models& before,
                              const two_models& after, const operation& op, bool threw) {
    ASSERT_NO_THROW(two.a.check_invariants());
    ASSERT_NO_THROW(two.b.check_invariants());
    const two_models now{contents(two.a), contents(two.b)};
    if (!threw) {
      EXPECT_EQ(now.a, after.a);
      EXPECT_EQ(now.b, after.b);
    } else if (op.after_a_throw == promise::strong) {
      EXPECT_EQ(now.a, before.a);
      EXPECT_EQ(now.b, before.b);
    } else {
      EXPECT_TRUE(within(before.a, now.a) && within(now.a, after.a));
      EXPECT_TRUE(within(after.b, now.b) && within(now.b, before.b));
      model lost = before.b;
      for (const auto& [k, v] : now.a) lost.erase(k);
      for (const auto& [k, v] : now.b) lost.erase(k);
      EXPECT_TRUE(lost.empty());
    }
  }

  // Once there is memory again it is as if nothing had happened: the map grows, or grows on.
  static void expect_grows_on(map& m, std::uint64_t more) {
    constexpr std::uint64_t first = new_key + 1000;
    const std::size_t size = m.size();
    fill(m, first, more);
    m.finish_growth();
    ASSERT_NO_THROW(m.check_invariants());
    ASSERT_EQ(m.size(), size + more);
    for (std::uint64_t i = first; i < first + more; ++i) {
      ASSERT_EQ(support::number_of(m.get(val(i))), i + 1000);
    }
  }

  // Sweeps the operations in a state. Returns how often something threw, and was swallowed.
  support::sweep_result sweep(const state& s, const std::vector<operation>& operations,
                              const std::vector<support::failure>& failures, std::uint64_t more) {
    SCOPED_TRACE(s.name);
    support::sweep_result total{0, 0, true};
    two_models before;
    {
      support::allocation_ledger ledger;
      const two_maps two = make(s, ledger);
      before = {contents(two.a), contents(two.b)};
      EXPECT_EQ(two.a.growing(), s.growing);
    }
    for (const operation& op : operations) {
      SCOPED_TRACE(op.name);
      two_models after = before;
      op.apply(after);
      const support::sweep_steps<two_maps> steps{
          [&](support::allocation_ledger& ledger) { return make(s, ledger); }, op.run,
          [&](two_maps& two, bool threw) {
            expect_contents(two, before, after, op, threw);
            expect_grows_on(two.a, more);
          }};
      for (const support::failure how : failures) {
        total += support::sweep(support::point::allocate, steps, how);
        if (this->HasFailure()) return total;
      }
      expect_all_given_back();
    }
    return total;
  }

  void expect_all_given_back() {
    if constexpr (requires { backend_.in_use(); }) {
      EXPECT_EQ(backend_.in_use(), 0u);
    }
  }

  static std::vector<support::failure> all_failures() {
    using thrown = support::failure::thrown;
    return {{false, thrown::bad_alloc},
            {true, thrown::bad_alloc},
            {false, thrown::number},
            {true, thrown::error}};
  }

  // ---- the operations

  static void changes_nothing(two_models&) {}
  static void adds_new(two_models& m) { m.a[new_key] = 1; }
  static void adds_forty(two_models& m) {
    for (std::uint64_t i = 0; i < 40; ++i) m.a[new_key + i] = i;
  }

  static std::vector<operation> one_entry() {
    return {
        {"insert", promise::strong,
         [](two_maps& m) {
           const entry e(val(new_key), val(1));
           m.a.insert(e);
         },
         adds_new},
        {"emplace", promise::strong, [](two_maps& m) { m.a.emplace(val(new_key), val(1)); },
         adds_new},
        {"try_emplace", promise::strong, [](two_maps& m) { m.a.try_emplace(val(new_key), val(1)); },
         adds_new},
        {"subscript", promise::strong, [](two_maps& m) { m.a[val(new_key)]; },
         [](two_models& m) { m.a[new_key] = support::number_of(value{}); }},
        {"insert_or_assign", promise::strong,
         [](two_maps& m) { m.a.insert_or_assign(val(new_key), val(1)); }, adds_new},
        {"insert_or_assign of a present key", promise::strong,
         [](two_maps& m) {
           if (!m.a.empty()) m.a.insert_or_assign(val(0), val(1));
         },
         [](two_models& m) {
           if (!m.a.empty()) m.a[0] = 1;
         }},
        {"erase", promise::strong, [](two_maps& m) { m.a.erase(val(0)); },
         [](two_models& m) { m.a.erase(0); }},
    };
  }

  static std::vector<operation> many_entries() {
    return {
        {"forty insertions", promise::basic,
         [](two_maps& m) {
           for (std::uint64_t i = 0; i < 40; ++i) m.a.emplace(val(new_key + i), val(i));
         },
         adds_forty},
        {"insert_range", promise::basic, [](two_maps& m) { m.a.insert_range(m.b); },
         [](two_models& m) { m.a.insert(m.b.begin(), m.b.end()); }},
        {"merge", promise::basic, [](two_maps& m) { m.a.merge(m.b); },
         [](two_models& m) { m.a.merge(m.b); }},
        {"a walk that inserts", promise::basic,
         [](two_maps& m) {
           std::uint64_t next = 0;
           for (auto it = m.a.begin(); it != m.a.end() && next < 40; ++it) {
             m.a.emplace(val(new_key + next), val(next));
             ++next;
           }
           for (; next < 40; ++next) m.a.emplace(val(new_key + next), val(next));
         },
         adds_forty},
        {"a scan that inserts", promise::basic,
         [](two_maps& m) {
           std::uint64_t next = 0;
           for (gomap::scan_cursor at{}; !at.done() || next < 40;) {
             at = m.a.scan(at, [](entry& e) { e.second = e.second; });
             if (next < 40) m.a.emplace(val(new_key + next), val(next));
             if (next < 40) ++next;
           }
         },
         adds_forty},
        {"half erased", promise::strong,
         [](two_maps& m) {
           erase_if(m.a, [](const entry& e) { return support::number_of(e.first) % 2 == 0; });
         },
         [](two_models& m) { std::erase_if(m.a, [](const auto& e) { return e.first % 2 == 0; }); }},
        {"clear", promise::strong, [](two_maps& m) { m.a.clear(); },
         [](two_models& m) { m.a.clear(); }},
    };
  }

  static std::vector<operation> whole_maps() {
    return {
        {"reserve", promise::strong, [](two_maps& m) { m.a.reserve(4 * m.a.size() + 100); },
         changes_nothing},
        {"rehash to more", promise::strong, [](two_maps& m) { m.a.rehash(8 * m.a.bucket_count()); },
         changes_nothing},
        {"rehash to what is needed", promise::strong, [](two_maps& m) { m.a.rehash(0); },
         changes_nothing},
        {"shrink_to_fit", promise::strong,
         [](two_maps& m) {
           m.a.reserve(4 * m.a.size() + 100);
           m.a.shrink_to_fit();
         },
         changes_nothing},
        {"finish_growth", promise::strong, [](two_maps& m) { m.a.finish_growth(); },
         changes_nothing},
        {"copy construction", promise::strong,
         [](two_maps& m) {
           const map copy(m.a);
           ASSERT_EQ(contents(copy), contents(m.a));
         },
         changes_nothing},
        {"clone", promise::strong,
         [](two_maps& m) { ASSERT_EQ(contents(m.a.clone()), contents(m.a)); }, changes_nothing},
        {"copy assignment", promise::strong, [](two_maps& m) { m.b = m.a; },
         [](two_models& m) { m.b = m.a; }},
        {"move assignment", promise::strong,
         [](two_maps& m) {
           m.b = std::move(m.a);
           m.a.clear();
         },
         [](two_models& m) {
           m.b = std::move(m.a);
           m.a.clear();
         }},
        {"swap", promise::strong, [](two_maps& m) { swap(m.a, m.b); },
         [](two_models& m) { swap(m.a, m.b); }},
    };
  }

 private:
  typename Case::backend backend_;
};

TYPED_TEST_SUITE_P(BackendFaults);

TYPED_TEST_P(BackendFaults, OneEntryIsInOrNotWhateverFails) {
  support::sweep_result total{0, 0, true};
  for (const auto& state : this->small_states()) {
    total += this->sweep(state, this->one_entry(), this->all_failures(), 100);
  }

  EXPECT_GT(total.thrown, 0u);
  EXPECT_GT(total.swallowed, 0u);
}

TYPED_TEST_P(BackendFaults, ManyEntriesAreInUpToTheOneThatFails) {
  support::sweep_result total{0, 0, true};
  for (const auto& state : this->small_states()) {
    total += this->sweep(state, this->many_entries(), this->all_failures(), 100);
  }

  EXPECT_GT(total.thrown, 0u);
  EXPECT_GT(total.swallowed, 0u);
}

TYPED_TEST_P(BackendFaults, WholeMapsAreAsBeforeWhateverFails) {
  support::sweep_result total{0, 0, true};
  for (const auto& state : this->small_states()) {
    total += this->sweep(state, this->whole_maps(), this->all_failures(), 100);
  }

  EXPECT_GT(total.thrown, 0u);
}

// Sweeps of these are dear, so each operation fails in two ways only.
TYPED_TEST_P(BackendFaults, ArraysOfPagesLoseNothing) {
  const std::vector<support::failure> failures = {
      {}, {.lasting = true, .what = support::failure::thrown::error}};
  support::sweep_result total{0, 0, true};
  for (const auto& state : this->large_states()) {
    total += this->sweep(state, this->one_entry(), failures, 50);
    total += this->sweep(state, this->many_entries(), failures, 50);
    total += this->sweep(state, this->whole_maps(), failures, 50);
  }

  EXPECT_GT(total.thrown, 0u);
  EXPECT_GT(total.swallowed, 0u);
}

REGISTER_TYPED_TEST_SUITE_P(BackendFaults, OneEntryIsInOrNotWhateverFails,
                            ManyEntriesAreInUpToTheOneThatFails, WholeMapsAreAsBeforeWhateverFails,
                            ArraysOfPagesLoseNothing);

}  // namespace gomap_test
