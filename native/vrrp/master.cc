// MASTER ("Active"), RFC 9568 §6.4.3, RFC 3768 §6.4.3: when it adverts, and what it says to what it hears.

#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

using wire::IpAddress;
using wire::VrrpAdvert;

void VirtualRouter::adverTimerFired(Outbox& out) {
  advertise(out);
  // From deadline to deadline, so that the period does not drift; only after a gap from now.
  const TimePoint next = run_.deadline + config_.advertisementInterval;
  run_.deadline = next > out.now ? next : nextAdvertAfter(out.now);
}

void VirtualRouter::receiveAsMaster(const VrrpAdvert& advert, const IpAddress& source, bool learned, Outbox& out) {
  if (advert.priority == kResign) {
    answerEarlier(out);
    answerResignation(out);
  } else if (!isBetter(advert, source)) {
    if (group_ != nullptr && group_->isFirst(*this)) group_->rivalBeaten(out.now);
    if (advert.priority < run_.priority && lowerPriority_.allow(out.now)) out.notice(Notice::LowerPriority, source, {}, {});
    heedRival(out);
    answer(learned, out);
  } else if (group_ == nullptr || group_->isFirst(*this) || group_->givesWay(out.now, fromWire(advert.version, advert.interval))) {
    giveWay(advert, out);
  }
}

void VirtualRouter::answer(bool learned, Outbox& out) {
  if (learned || out.now >= run_.answeredAt + config_.advertisementInterval) {
    run_.answeredAt = out.now;
    advertise(out);
  }
  holding_.announceAgain(out);
}

void VirtualRouter::answerResignation(Outbox& out) {
  const TimePoint earliest = run_.answeredAt + skewTime(config_.version, kOwnerPriority, config_.advertisementInterval);
  if (out.now < earliest) {
    run_.deadline = std::min(run_.deadline, earliest);
  } else {
    run_.answeredAt = out.now;
    advertise(out);
    run_.deadline = nextAdvertAfter(out.now);
  }
  holding_.announceAgain(out);
}

void VirtualRouter::giveWay(const VrrpAdvert& advert, Outbox& out) {
  run_.heard = Heard::Master;
  run_.interval = fromWire(advert.version, advert.interval);
  const Reason reason = advert.priority > run_.priority ? Reason::HigherPriority : Reason::HigherAddress;
  leaveMaster(State::Backup, reason, run_.priority, Linger::ForAnnouncement, out);
}

}  // namespace aloft::vrrp
