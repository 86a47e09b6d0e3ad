//! Student, teacher, centre and optimiser of Set-DINO, one step at a time.
//!
//! ```text
//! loss       of the student's views from the teacher's, by the old centre
//! gradients  each parameter tensor's cut to length 3; none for the last layer in the first epoch
//! student    a step of AdamW
//! teacher    momentum teacher + (1 - momentum) student
//! centre     moved towards the teacher's logits of this step
//! ```

use rand_chacha::ChaCha8Rng;

use super::{SetDino, SetDinoTraining, SetLoss, TeacherHead, moved_centre, set_loss};
use crate::nn::State;
use crate::nn::dino_head::{DinoHead, DinoHeadConfig};
use crate::nn::vit::{Passes, VitConfig};
use crate::tensor::{Device, Tensor, plain};
use crate::train::{Adam, NamedGradients, average};
use crate::{Error, Result};

/// Everything that changes while Set-DINO learns.
#[derive(Clone, Debug)]
pub struct Distillation {
    /// Learns by gradients.
    pub student: SetDino,
    /// The running average of the student; its features are the method's result.
    pub teacher: SetDino,
    /// The centre of the teacher's logits, `1 x outputs`.
    pub centre: Tensor<2>,
    /// The optimiser with its moments.
    pub adam: Adam,
    /// Settings of the training.
    pub training: SetDinoTraining,
    /// Steps done.
    pub step: u64,
}

impl Distillation {
    /// A student with numbers drawn from `rng`, and its teacher; `device` must record gradients.
    ///
    /// # Errors
    /// As [`VitConfig::check`], and when the device records no gradients.
    pub fn new(
        vit: &VitConfig,
        head: &DinoHeadConfig,
        training: &SetDinoTraining,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Self> {
        if !matches!(device, Device::Autodiff(_)) {
            return Err(Error::new("the device records no gradients").fix("pass Device::autodiff(device)"));
        }
        Ok(Self::of(SetDino::new(vit, head, rng, device)?, head, training, rng, device))
    }

    /// The same for a student that is there, on a device that records gradients; its head has the sizes `head`.
    pub fn of(
        student: SetDino,
        head: &DinoHeadConfig,
        training: &SetDinoTraining,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        let mut teacher = student.clone();
        if training.optimisation.teacher_head == TeacherHead::Independent {
            teacher.head = DinoHead::new(student.backbone.config().width, head, rng, device);
        }
        Self {
            centre: Tensor::zeros([1, head.outputs], device),
            teacher: burn::module::Module::no_grad(teacher),
            student,
            adam: Adam::new(training.adam(0)),
            training: *training,
            step: 0,
        }
    }

    /// A step on the global and local views of a batch (see [`SetDino`]), with stochastic depth by draws for both where
    /// there are any. The loss is that before the step.
    ///
    /// ```
    /// use perturbook::methods::set_dino::{Distillation, SetDinoTraining};
    /// use perturbook::nn::dino_head::DinoHeadConfig;
    /// use perturbook::nn::vit::VitConfig;
    /// use perturbook::tensor::{Device, Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let (device, mut rng) = (Device::autodiff(cpu()), rand_chacha::ChaCha8Rng::seed_from_u64(0));
    /// let vit = VitConfig { width: 12, blocks: 1, heads: 2, ..VitConfig::default() };
    /// let head = DinoHeadConfig { hidden: 8, bottleneck: 4, outputs: 16 };
    /// let training = SetDinoTraining { units: 2, cells: 2, ..SetDinoTraining::default() };
    /// let mut learner = Distillation::new(&vit, &head, &training, &mut rng, &device)?;
    /// let views = || [Tensor::ones([8, 4, 32, 32], &device), Tensor::ones([8, 4, 16, 16], &device)];
    /// let draws = learner.student.draws([8, 8], &mut rng);
    /// let loss = learner.step(views(), Some(draws))?;
    /// assert_eq!((loss.terms.dims(), learner.step), ([2, 4], 1));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When images or draws do not fit the network, or are no whole number of sets and views.
    pub fn step(&mut self, views: [Tensor<4>; 2], draws: Option<[Tensor<3>; 2]>) -> Result<SetLoss> {
        self.step_checked(views, draws, |_, _| Ok(()))
    }

    /// The same; `check` sees the loss and the teacher's logits (`(2 units) x outputs`) before anything changes, and
    /// where it fails nothing does.
    ///
    /// # Errors
    /// As [`Distillation::step`], and those of `check`.
    pub fn step_checked(
        &mut self,
        views: [Tensor<4>; 2],
        draws: Option<[Tensor<3>; 2]>,
        check: impl FnOnce(&SetLoss, &Tensor<2>) -> Result<()>,
    ) -> Result<SetLoss> {
        let cells = self.training.cells;
        let teacher = self.teacher.forward_unrecorded(views[0].clone(), cells)?;
        let [globals, locals] = views;
        let [global_draws, local_draws] = draws.map_or([None, None], |draws| draws.map(Some));
        let passes = Passes::new(&self.student.backbone, [(globals, global_draws), (locals, local_draws)])?;
        let student = self.student.of_sets(passes.class(), cells)?;
        let loss = set_loss(student, teacher.clone(), &self.centre, &self.training.loss(self.step))?;
        check(&loss, &teacher)?;
        let device = plain(&teacher.device());
        let (on_tape, by_hand) = passes.gradients(loss.total.clone());
        let by_hand = State::default().with("backbone.", &by_hand);
        let gradients = NamedGradients::of(&self.student, &on_tape).plus(NamedGradients::from_state(&by_hand, &device));
        let student = updated_student(self.student.clone(), &mut self.adam, gradients, &self.training, self.step);
        let momentum = self.training.momenta().at(self.step);
        self.teacher = average(self.teacher.clone(), &student, momentum)?;
        self.student = student;
        self.centre = moved_centre(&self.centre, teacher, self.training.optimisation.centre_momentum);
        self.step += 1;
        Ok(loss.detached())
    }
}

/// The student after step `step` along these gradients: each cut to its length, and without those of the head's last
/// layer in the first epochs, so that nothing moves it, decay included.
pub fn updated_student(
    student: SetDino,
    adam: &mut Adam,
    gradients: NamedGradients,
    training: &SetDinoTraining,
    step: u64,
) -> SetDino {
    let gradients = gradients.clipped(training.clipping());
    let gradients = if training.epoch(step) < training.optimisation.frozen_epochs {
        gradients.without("head.last.")
    } else {
        gradients
    };
    adam.config = training.adam(step);
    adam.step(student, &gradients)
}
