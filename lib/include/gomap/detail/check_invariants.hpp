// check_invariants.hpp -- walks a table and says which of its invariants does not hold.
//
// The numbers are those of bucket.hpp (B) and table.hpp (T).
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <gomap/detail/bucket.hpp>
#include <gomap/detail/raise.hpp>
#include <gomap/detail/tophash.hpp>

namespace gomap {

// What check_invariants() throws: the map is damaged, and what() says how.
class invariant_error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace detail {

template <class Table>
class invariants {
 public:
  using table_type = Table;
  using bucket_type = typename table_type::bucket_type;

  explicit invariants(const table_type& table) noexcept : table_(table) {}

  // `equal` compares two keys.  Throws: invariant_error, and what hash_of and `equal` throw.
  // O(entries), times the length of the chains.
  template <class HashOf, class Equal>
  void check(const HashOf& hash_of, const Equal& equal) {
    check_shape();
    table_.for_each_chain(
        [&](bucket_type* head, std::size_t index) { check_chain(head, index, hash_of, equal); });
    require(entries_ == table_.size_, "T4: size() is not the number of entries");
    require(overflow_ == table_.overflow_, "T4: the count of overflow buckets is wrong");
    if constexpr (table_type::full) {
      require(numbered_ == table_.numbers_.size(), "T6: a number without an entry");
    }
  }

 private:
  static void require(bool holds, const char* what) {
    if (!holds) GOMAP_THROW(invariant_error(std::string("gomap: invariant ") + what));
  }

  void check_shape() const {
    if (table_.growing()) {
      require(table_.split_ <= table_.old_mask_, "T1: the split mark is behind the old array");
      require(table_.old_mask_ <= table_.mask_, "T1: the old array is larger than the current one");
      require(table_.trigger_ == 0, "T5: a growth is under way and nothing carries it on");
    } else {
      require(table_.old_mask_ == 0 && table_.split_ == 1, "T1: marks of a growth without one");
    }
    require((table_.mask_ & (table_.mask_ + 1)) == 0,
            "T1: the mask is not one less than a power of two");
    require(table_.has_array() || (table_.size_ == 0 && table_.old_ != nullptr),
            "T1: no array, and yet at rest or with entries");
  }

  template <class HashOf, class Equal>
  void check_chain(bucket_type* head, std::size_t index, const HashOf& hash_of,
                   const Equal& equal) {
    const std::size_t mask = table_.is_old(index) ? table_.old_mask_ : table_.mask_;
    for (bucket_type* b = head; b != nullptr; b = b->next()) {
      if (b != head) {
        ++overflow_;
        require(b->tops() != 0, "B3: an overflow bucket without an entry");
        require(b->filter() == (b->next() == nullptr ? 0 : link_filter_all),
                "B4: the filter of an overflow bucket lets not everything pass");
      }
      for (auto set = b->live(); set; set.drop_first()) {
        check_entry(head, b, set.first(), index, mask, hash_of);
        check_birth(head, b, set.first(), hash_of);
        check_unique(b, set.first(), equal);
        ++entries_;
      }
    }
  }

  template <class HashOf>
  void check_entry(const bucket_type* head, bucket_type* b, unsigned i, std::size_t index,
                   std::size_t mask, const HashOf& hash_of) const {
    const std::uint64_t hash = hash_of(std::as_const(b->slot(i)->first));
    const tophash top = tophash_of(hash);
    require(tophash_at(b->tops(), i) == top, "B1: a tophash that is not its key's");
    require((hash & mask) == index, "T2: an entry in a chain that is not its own");
    require(b == head || (head->filter() & link_filter(top)) != 0,
            "B4: the filter hides an entry of an overflow bucket");
  }

  // Checks that the past and the number of an entry agree with how it came to its slot.
  template <class HashOf>
  void check_birth([[maybe_unused]] bucket_type* head, [[maybe_unused]] bucket_type* b,
                   [[maybe_unused]] unsigned i, [[maybe_unused]] const HashOf& hash_of) {
    if constexpr (table_type::full) {
      const auto& numbers = table_.numbers_;
      const bool known_by_slot = b == head && !b->past().guest(i);
      const bool numbered = numbers.number_of(b->slot(i)) != 0;
      require(!(known_by_slot && numbered), "T6: a number that nobody needs");
      numbered_ += numbered ? 1 : 0;
      if (known_by_slot || numbered) return;
      const std::uint64_t hash = hash_of(std::as_const(b->slot(i)->first));
      for (bucket_type* other = b; other != nullptr; other = other->next()) {
        for (auto set = other->match(tophash_of(hash)); set; set.drop_first()) {
          const unsigned j = set.first();
          if (other == b && j <= i) continue;
          if (other == head && !other->past().guest(j)) continue;
          require(numbers.number_of(other->slot(j)) != 0 ||
                      hash_of(std::as_const(other->slot(j)->first)) != hash,
                  "T6: two entries of one hash without numbers");
        }
      }
    }
  }

  // Checks that no equal key is further down the chain.
  template <class Equal>
  void check_unique(bucket_type* b, unsigned i, const Equal& equal) const {
    const auto& key = std::as_const(b->slot(i)->first);
    const tophash top = tophash_at(b->tops(), i);
    for (bucket_type* other = b; other != nullptr; other = other->next()) {
      for (auto set = other->match(top); set; set.drop_first()) {
        if (other == b && set.first() <= i) continue;
        require(!equal(key, std::as_const(other->slot(set.first())->first)),
                "T2: two entries with equal keys");
      }
    }
  }

  const table_type& table_;
  std::size_t entries_ = 0;
  std::size_t overflow_ = 0;
  std::size_t numbered_ = 0;
};

}  // namespace detail
}  // namespace gomap
