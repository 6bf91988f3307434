// context.cpp -- the crew, the monitor and the clock of a scenario.
#include "context.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <gomap/hash.hpp>

#include "figure_text.hpp"
#include "interruption.hpp"
#include "options.hpp"
#include "resident_memory.hpp"
#include "results.hpp"
#include "scenario.hpp"
#include "text_input.hpp"
#include "worker.hpp"

namespace stress {
namespace {

constexpr std::size_t most_findings = 10;
constexpr auto between_looks = std::chrono::milliseconds(200);

double in_seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string growths_text(std::size_t n) {
  return fmt::format("{} growth{}", n == 0 ? "no" : grouped(n), n == 1 ? "" : "s");
}

}  // namespace

context::context(const options& chosen, const text_input& input, const scenario& scene)
    : chosen_(chosen),
      input_(input),
      wanted_(chosen.seconds * scene.patience),
      end_(start_ + std::chrono::duration_cast<clock::duration>(wanted_)) {
  result_.name = scene.name;
  result_.question = scene.question;
  monitor_ = std::jthread([this](const std::stop_token& stop) { monitor(stop); });
}

context::~context() = default;

std::uint64_t context::seed(std::string_view purpose) const {
  const std::string text = result_.name + '/' + std::string(purpose);
  // A hash of the text alone differs from process to process, so its letters are folded in by hand.
  std::uint64_t mixed = chosen_.seed;
  for (const char letter : text) mixed = gomap::mix(mixed ^ static_cast<unsigned char>(letter), 1);
  return mixed | 1;
}

bool context::running() const {
  // relaxed: it only ends loops.
  return !failed_.load(std::memory_order_relaxed) && !interrupted() && clock::now() < end_;
}

double context::elapsed_share() const { return std::min(1.0, (clock::now() - start_) / wanted_); }

void context::wrong(std::string finding) {
  failed_.store(true, std::memory_order_relaxed);  // relaxed: as in running()
  const std::scoped_lock guard(findings_mutex_);
  ++result_.findings_in_all;
  if (result_.findings.size() < most_findings) result_.findings.push_back(std::move(finding));
}

void context::note(std::string name, std::string value) {
  const std::scoped_lock guard(findings_mutex_);
  for (auto& [known, old] : result_.notes) {
    if (known == name) {
      old = std::move(value);
      return;
    }
  }
  result_.notes.emplace_back(std::move(name), std::move(value));
}

// ---- the crew

void context::run_worker(worker& w, const std::function<void(worker&)>& f) {
  try {
    f(w);
  } catch (const std::exception& error) {
    wrong(fmt::format("thread {} ended with an exception: {}", w.index(), error.what()));
  } catch (...) {
    wrong(fmt::format("thread {} ended with an exception", w.index()));
  }
}

void context::run_crew(unsigned count, const std::function<void(worker&)>& f) {
  const std::string crew = fmt::format("crew {}", crews_++);
  {
    const std::scoped_lock guard(watch_mutex_);
    for (unsigned i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<worker>(i, seed(fmt::format("{} thread {}", crew, i))));
    }
  }
  {
    std::latch all_there(count);
    std::vector<std::jthread> threads;
    for (const auto& w : workers_) {
      threads.emplace_back([this, &f, &all_there, &member = *w] {
        all_there.arrive_and_wait();
        run_worker(member, f);
      });
    }
  }
  const std::scoped_lock guard(watch_mutex_);
  for (const auto& w : workers_) {
    operations_before_ += w->operations();
    pause_before_ = std::max(pause_before_, w->take_pause());
    for (std::size_t kind = 0; kind < call_kinds; ++kind) result_.calls[kind] += w->calls()[kind];
  }
  workers_.clear();
}

// ---- the monitor

void context::unwatch() {
  const std::scoped_lock guard(watch_mutex_);
  if (!probe_) return;
  const moment at_the_end = probe_();
  growths_before_.growths_double += at_the_end.growths_double;
  growths_before_.growths_same_size += at_the_end.growths_same_size;
  probe_ = nullptr;
}

moment context::look_at_workers() {
  moment now = probe_ ? probe_() : moment{};
  now.growths_double += growths_before_.growths_double;
  now.growths_same_size += growths_before_.growths_same_size;
  now.operations = operations_before_;
  now.worst_pause = std::exchange(pause_before_, nanoseconds(0));
  for (const auto& w : workers_) {
    now.operations += w->operations();
    now.worst_pause = std::max(now.worst_pause, w->take_pause());
  }
  now.seconds = in_seconds(clock::now() - start_);
  now.resident_bytes = resident_bytes();
  return now;
}

void context::look(bool last) {
  const std::scoped_lock guard(watch_mutex_);
  const moment now = look_at_workers();
  timeline_.add(now);
  worst_pause_ = std::max(worst_pause_, now.worst_pause);
  const double rate = static_cast<double>(now.operations - last_.operations) /
                      std::max(now.seconds - last_.seconds, 1e-9);
  last_ = now;
  if (last || !line_.due()) return;
  line_.show(fmt::format(
      "{:<10}{:>4.0f} %  {} operations  {}/s  {} in flight  worst pause {}  {} "
      "growths done  {} entries",
      result_.name, 100 * elapsed_share(), count_text(static_cast<double>(now.operations)),
      count_text(rate), growths_text(now.growths_in_flight), time_text(worst_pause_),
      grouped(now.growths_double + now.growths_same_size),
      count_text(static_cast<double>(now.entries))));
}

void context::monitor(const std::stop_token& stop) {
  std::unique_lock guard(monitor_mutex_);
  while (
      !monitor_wakes_.wait_for(guard, stop, between_looks, [&] { return stop.stop_requested(); })) {
    look(false);
  }
}

scenario_result context::finish() {
  monitor_.request_stop();
  monitor_.join();
  look(true);
  line_.wipe();
  result_.seconds = last_.seconds;
  result_.operations = last_.operations;
  result_.growths_double = last_.growths_double;
  result_.growths_same_size = last_.growths_same_size;
  result_.timeline = timeline_.moments();
  result_.interrupted = interrupted();
  return std::move(result_);
}

}  // namespace stress
